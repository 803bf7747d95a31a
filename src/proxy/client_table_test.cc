#include "proxy/client_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fairlead::proxy {
namespace {

net::IpAddress ip(const std::string& text) { return net::IpAddress::parse(text).value(); }

TEST(ClientTable, a_client_has_so_many_connections_and_no_more) {
  ClientTable table(100, 1);
  const auto first = table.enter(ip("10.0.0.1"), 2);
  EXPECT_TRUE(first.is_admitted);
  EXPECT_TRUE(table.enter(ip("10.0.0.1"), 2).is_admitted);
  EXPECT_FALSE(table.enter(ip("10.0.0.1"), 2).is_admitted);
  EXPECT_TRUE(table.enter(ip("10.0.0.2"), 2).is_admitted);
  ClientTable::leave(*first.counter);
  EXPECT_TRUE(table.enter(ip("10.0.0.1"), 2).is_admitted);
}

TEST(ClientTable, an_ipv6_subscriber_is_one_client_whatever_address_it_takes) {
  ClientTable table(100, 1);
  EXPECT_TRUE(table.enter(ip("2001:db8:1:2::1"), 1).is_admitted);
  EXPECT_FALSE(table.enter(ip("2001:db8:1:2:ffff::9"), 1).is_admitted);
  EXPECT_TRUE(table.enter(ip("2001:db8:1:3::1"), 1).is_admitted);
}

TEST(ClientTable, the_limit_may_change_while_connections_are_open) {
  ClientTable table(100, 1);
  EXPECT_TRUE(table.enter(ip("10.0.0.1"), 1).is_admitted);
  EXPECT_FALSE(table.enter(ip("10.0.0.1"), 1).is_admitted);
  EXPECT_TRUE(table.enter(ip("10.0.0.1"), 2).is_admitted);
  EXPECT_FALSE(table.enter(ip("10.0.0.1"), 1).is_admitted);
}

TEST(ClientTable, as_many_clients_as_it_was_made_for_are_told_apart) {
  constexpr unsigned kClients = 10'000;
  ClientTable table(kClients, 7);
  const auto client = [](unsigned number) { return ip(fmt::format("10.1.{}.{}", number / 256, number % 256)); };
  unsigned uncounted = 0;
  for (unsigned number = 0; number < kClients; ++number) {
    const auto entry = table.enter(client(number), 1);
    ASSERT_TRUE(entry.is_admitted) << number;
    uncounted += entry.counter == nullptr ? 1U : 0U;
  }
  EXPECT_EQ(uncounted, 0U);
  for (unsigned number = 0; number < kClients; ++number) EXPECT_FALSE(table.enter(client(number), 1).is_admitted);
}

TEST(ClientTable, where_no_counter_is_left_clients_are_let_in) {
  ClientTable table(1, 3);
  for (unsigned number = 0; number < 1000; ++number)
    EXPECT_TRUE(table.enter(ip(fmt::format("10.1.{}.{}", number / 256, number % 256)), 1).is_admitted);
}

TEST(ClientTableThreads, every_connection_that_entered_leaves_and_nothing_is_lost) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 20'000;
  ClientTable table(8, 5);
  std::vector<std::thread> threads;
  for (int index = 0; index < kThreads; ++index) {
    threads.emplace_back([&table, index] {
      for (int turn = 0; turn < kTurns; ++turn) {
        const auto entry = table.enter(ip(fmt::format("10.0.0.{}", (turn + index) % 7)), 3);
        if (entry.counter != nullptr) ClientTable::leave(*entry.counter);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // A count that was lost would keep one of them out, or let one more in.
  for (int client = 0; client < 7; ++client) {
    const net::IpAddress address = ip(fmt::format("10.0.0.{}", client));
    for (int connection = 0; connection < 3; ++connection) EXPECT_TRUE(table.enter(address, 3).is_admitted);
    EXPECT_FALSE(table.enter(address, 3).is_admitted);
  }
}

}  // namespace
}  // namespace fairlead::proxy
