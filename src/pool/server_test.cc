#include "pool/server.h"

#include <gtest/gtest.h>

#include <utility>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

TEST(Server, counts_a_request_in_flight_until_the_guard_ends) {
  TestServers servers(1);
  {
    Permit first(servers[0]);
    Permit second(servers[0]);
    EXPECT_EQ(servers[0].in_flight(), 2u);
  }
  EXPECT_EQ(servers[0].in_flight(), 0u);
  EXPECT_EQ(servers[0].requests(), 2u);
}

TEST(Server, a_moved_guard_gives_back_once) {
  TestServers servers(2);
  Permit first(servers[0]);
  Permit moved(std::move(first));
  EXPECT_EQ(servers[0].in_flight(), 1u);
  moved = Permit(servers[1]);
  EXPECT_EQ(servers[0].in_flight(), 0u);
  EXPECT_EQ(servers[1].in_flight(), 1u);
  moved.release();
  moved.release();
  EXPECT_EQ(servers[1].in_flight(), 0u);
}

TEST(Server, starts_checking_if_its_address_is_numeric_else_unresolved) {
  const auto vitals = std::make_shared<PoolVitals>();
  const Server numeric(vitals, "web", "a", net::Endpoint{"127.0.0.1", 1, ""}, 100);
  EXPECT_EQ(numeric.state(), ServerState::checking);
  ASSERT_NE(numeric.address(), nullptr);
  EXPECT_EQ(numeric.address()->text(), "127.0.0.1:1");
  const Server named(vitals, "web", "b", net::Endpoint{"app.internal", 1, ""}, 100);
  EXPECT_EQ(named.state(), ServerState::unresolved);
  EXPECT_EQ(named.address(), nullptr);
}

TEST(Server, an_address_stays_valid_when_a_new_one_comes_and_is_used_again_when_it_returns) {
  TestServers servers(1);
  const net::SocketAddress* first = servers[0].address();
  servers[0].publish_address(*net::numeric_address("10.0.0.2", 80));
  EXPECT_EQ(servers[0].address()->text(), "10.0.0.2:80");
  EXPECT_EQ(first->text(), "127.0.0.1:3000");
  servers[0].publish_address(*first);
  EXPECT_EQ(servers[0].address(), first);
}

TEST(Server, a_change_of_state_or_weight_moves_the_epoch) {
  TestServers servers(1);
  const std::uint64_t before = servers.vitals()->epoch;
  servers[0].publish_weight(50);
  servers[0].publish_state(ServerState::down, {}, {});
  EXPECT_EQ(servers.vitals()->epoch, before + 2);
}

TEST(Server, weight_ramps_from_a_tenth_to_all_of_it_while_warming) {
  TestServers servers(1);
  servers[0].publish_state(ServerState::warming, kTestStart, 10s);
  const std::uint32_t full = 100 * Server::kWeightScale;
  EXPECT_EQ(servers[0].effective_weight(kTestStart), full / 10);
  EXPECT_EQ(servers[0].effective_weight(kTestStart + 5s), full / 2);
  EXPECT_EQ(servers[0].effective_weight(kTestStart + 10s), full);
  EXPECT_EQ(servers[0].effective_weight(kTestStart + 1h), full);
}

TEST(Server, a_warming_server_of_any_weight_but_zero_gets_a_share) {
  TestServers servers(std::vector<std::uint32_t>{1, 0});
  for (std::size_t index : {0, 1}) servers[index].publish_state(ServerState::warming, kTestStart, 10s);
  EXPECT_GT(servers[0].effective_weight(kTestStart), 0u);
  EXPECT_EQ(servers[1].effective_weight(kTestStart), 0u);
}

TEST(Server, a_slow_server_has_a_hundredth_of_its_weight_and_never_nothing_of_it) {
  TestServers servers(std::vector<std::uint32_t>{100, 1, 0});
  for (std::size_t index : {0, 1, 2}) servers[index].publish_state(ServerState::slow, {}, {});
  EXPECT_EQ(servers[0].effective_weight(kTestStart), Server::kWeightScale);
  EXPECT_GT(servers[1].effective_weight(kTestStart), 0u);
  EXPECT_EQ(servers[2].effective_weight(kTestStart), 0u);
}

TEST(Server, a_learned_limit_is_the_one_that_permits_hold) {
  TestServers servers(1);
  Server& server = servers[0];
  server.learn_max_inflight();
  std::vector<Permit> held;
  const auto take_all = [&] {
    while (auto permit = Permit::try_take(server)) held.push_back(std::move(*permit));
  };
  take_all();
  EXPECT_EQ(held.size(), LearnedLimit::kFirst);
  TimePoint now = kTestStart;
  for (int answer = 0; answer < 200; ++answer) server.record_answer_time(10ms, now += 5ms);
  take_all();
  EXPECT_GT(held.size(), LearnedLimit::kFirst);
  EXPECT_EQ(held.size(), server.max_inflight());
  server.publish_max_inflight(3);
  for (int answer = 0; answer < 200; ++answer) server.record_answer_time(10ms, now += 5ms);
  EXPECT_EQ(server.max_inflight(), 3U);
}

TEST(Server, one_failure_at_the_threshold_is_reported_once) {
  TestServers servers(1);
  servers[0].publish_suspect_at(3);
  EXPECT_FALSE(servers[0].record_failure());
  EXPECT_FALSE(servers[0].record_failure());
  EXPECT_TRUE(servers[0].record_failure());
  EXPECT_FALSE(servers[0].record_failure());
  servers[0].publish_suspect_at(servers[0].failures() + 1);
  EXPECT_TRUE(servers[0].record_failure());
}

TEST(ServerState, each_state_has_words_of_its_own) {
  for (const ServerState left : kServerStates) {
    for (const ServerState right : kServerStates) {
      EXPECT_EQ(left == right, word(left) == word(right));
      EXPECT_EQ(left == right, glyph(left) == glyph(right));
      EXPECT_EQ(left == right, ascii(left) == ascii(right));
    }
    EXPECT_EQ(is_serving(left), state_class(left) == StateClass::serving);
    EXPECT_FALSE(is_serving(left) && is_last_resort(left));
  }
}

}  // namespace
}  // namespace fairlead::pool
