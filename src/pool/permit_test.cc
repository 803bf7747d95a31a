#include "pool/permit.h"

#include <gtest/gtest.h>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

TEST(Permit, none_is_left_at_the_limit_until_one_is_given_back) {
  TestServers servers(1);
  servers[0].publish_max_inflight(2);
  auto first = Permit::try_take(servers[0]);
  auto second = Permit::try_take(servers[0]);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(servers[0].is_full());
  EXPECT_FALSE(Permit::try_take(servers[0]));
  first->release();
  first->release();
  EXPECT_EQ(servers[0].in_flight(), 1u);
  EXPECT_TRUE(Permit::try_take(servers[0]));
}

TEST(Permit, without_a_limit_there_is_always_one) {
  TestServers servers(1);
  std::vector<std::optional<Permit>> held;
  for (int count = 0; count < 1000; ++count) held.push_back(Permit::try_take(servers[0]));
  for (const auto& permit : held) EXPECT_TRUE(permit);
  EXPECT_FALSE(servers[0].is_full());
}

TEST(Permit, what_is_moved_is_counted_once) {
  TestServers servers(1);
  {
    Permit permit(servers[0]);
    Permit other = std::move(permit);
    EXPECT_EQ(other.server(), &servers[0]);
    EXPECT_EQ(servers[0].in_flight(), 1u);
    other = Permit(servers[0]);
    EXPECT_EQ(servers[0].in_flight(), 1u);
  }
  EXPECT_EQ(servers[0].in_flight(), 0u);
  EXPECT_EQ(servers[0].requests(), 2u);
}

TEST(Permit, a_lower_limit_lets_those_in_flight_end) {
  TestServers servers(1);
  auto first = Permit::try_take(servers[0]);
  auto second = Permit::try_take(servers[0]);
  servers[0].publish_max_inflight(1);
  EXPECT_FALSE(Permit::try_take(servers[0]));
  first->release();
  EXPECT_FALSE(Permit::try_take(servers[0]));
  second->release();
  EXPECT_TRUE(Permit::try_take(servers[0]));
}

}  // namespace
}  // namespace fairlead::pool
