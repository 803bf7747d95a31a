#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

std::unique_ptr<Balancer> make(Random& random, std::span<const Candidate> candidates) {
  auto balancer = balancer_type(Algorithm::least_requests).make(test_pool(), random);
  balancer->update(candidates);
  return balancer;
}

TEST(LeastRequests, a_burst_on_equal_servers_is_spread_exactly) {
  TestServers servers(7);
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::vector<Permit> burst;
  for (int request = 0; request < 70; ++request) burst.emplace_back(*balancer->pick(fresh_request()));
  for (std::size_t index = 0; index < servers.size(); ++index) EXPECT_EQ(servers[index].in_flight(), 10u);
}

TEST(LeastRequests, a_burst_on_many_servers_leaves_none_far_behind) {
  TestServers servers(1000);
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::vector<Permit> burst;
  for (int request = 0; request < 10'000; ++request) burst.emplace_back(*balancer->pick(fresh_request()));
  std::uint32_t most = 0;
  for (std::size_t index = 0; index < servers.size(); ++index) most = std::max(most, servers[index].in_flight());
  EXPECT_LE(most, 12u);
}

TEST(LeastRequests, a_burst_is_spread_by_weight) {
  TestServers servers(std::vector<std::uint32_t>{100, 200, 700});
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::vector<Permit> burst;
  for (int request = 0; request < 100; ++request) burst.emplace_back(*balancer->pick(fresh_request()));
  EXPECT_NEAR(servers[0].in_flight(), 10, 1);
  EXPECT_NEAR(servers[1].in_flight(), 20, 1);
  EXPECT_NEAR(servers[2].in_flight(), 70, 1);
}

TEST(LeastRequests, sees_the_requests_of_other_workers) {
  TestServers servers(2);
  Random first_random(1);
  Random second_random(2);
  const auto first = make(first_random, servers.candidates());
  const auto second = make(second_random, servers.candidates());
  Permit elsewhere(*second->pick(fresh_request()));
  for (int pick = 0; pick < 20; ++pick) EXPECT_EQ(first->pick(fresh_request())->in_flight(), 0u);
}

TEST(LeastRequests, a_slow_server_gets_fewer_requests) {
  // Each request lasts as many turns as its server is slow; two are begun per turn.
  TestServers servers(3);
  constexpr std::array<int, 3> kTurns{1, 10, 1};
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::array<int, 3> counts{};
  std::vector<std::pair<int, Permit>> open;
  for (int turn = 0; turn < 10'000; ++turn) {
    std::erase_if(open, [&](const auto& request) { return request.first <= turn; });
    for (int request = 0; request < 2; ++request) {
      Server* server = balancer->pick(fresh_request());
      const std::size_t index = servers.index_of(server);
      ++counts.at(index);
      open.emplace_back(turn + kTurns.at(index), Permit(*server));
    }
  }
  EXPECT_LT(counts[1] * 4, counts[0]);
}

TEST(LeastRequests, a_small_idle_server_does_not_take_every_second_request) {
  TestServers servers(std::vector<std::uint32_t>{1000, 1});
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  int small = 0;
  for (int request = 0; request < 10'000; ++request) {
    Permit other(servers[0]);
    small += balancer->pick(fresh_request()) == &servers[1] ? 1 : 0;
  }
  EXPECT_LT(small, 40);
}

}  // namespace
}  // namespace fairlead::pool
