#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

std::unique_ptr<Balancer> make(Random& random, std::span<const Candidate> candidates) {
  auto balancer = balancer_type(Algorithm::round_robin).make(test_pool(), random);
  balancer->update(candidates);
  return balancer;
}

TEST(RoundRobin, equal_servers_take_strict_turns) {
  TestServers servers(5);
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::vector<Server*> order;
  for (int pick = 0; pick < 5; ++pick) order.push_back(balancer->pick(fresh_request()));
  EXPECT_EQ(std::set<Server*>(order.begin(), order.end()).size(), 5u);
  for (int pick = 0; pick < 100; ++pick)
    ASSERT_EQ(balancer->pick(fresh_request()), order[static_cast<std::size_t>(pick % 5)]);
}

TEST(RoundRobin, the_turns_of_a_heavy_server_are_spread_evenly) {
  // Weights of 5, 1, 1: in any 7 picks the heavy one has 5 turns (one more or less at the edges), never 6 in a row.
  TestServers servers(std::vector<std::uint32_t>{500, 100, 100});
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::vector<int> is_heavy;  // 1 or 0
  for (int pick = 0; pick < 700; ++pick) is_heavy.push_back(balancer->pick(fresh_request()) == &servers[0] ? 1 : 0);
  for (std::size_t start = 0; start + 7 <= is_heavy.size(); ++start)
    ASSERT_NEAR(std::accumulate(&is_heavy[start], &is_heavy[start] + 7, 0), 5, 1);
  EXPECT_NEAR(std::accumulate(is_heavy.begin(), is_heavy.end(), 0), 500, 1);
}

TEST(RoundRobin, workers_do_not_march_in_step) {
  TestServers servers(10);
  std::set<Server*> first_picks;
  for (std::uint64_t worker = 0; worker < 20; ++worker) {
    Random random(worker);
    first_picks.insert(make(random, servers.candidates())->pick(fresh_request()));
  }
  EXPECT_GT(first_picks.size(), 4u);
}

TEST(RoundRobin, a_server_that_was_passed_over_keeps_its_turn) {
  TestServers servers(3);
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  Server* first = balancer->pick(fresh_request());
  Server* second = balancer->pick(fresh_request());
  Server* third = balancer->pick(fresh_request());
  TriedServers tried;
  tried.add(*first);
  EXPECT_EQ(balancer->pick({.tried = tried}), second);
  EXPECT_EQ(balancer->pick(fresh_request()), first);
  EXPECT_EQ(balancer->pick(fresh_request()), third);
}

TEST(RoundRobin, an_update_leaves_the_turns_of_the_others_alone) {
  TestServers servers(4);
  Random random(1);
  const auto balancer = make(random, servers.candidates());
  std::vector<Server*> order;
  for (int pick = 0; pick < 4; ++pick) order.push_back(balancer->pick(fresh_request()));
  std::vector<Candidate> fewer = servers.candidates();
  std::erase_if(fewer, [&](const Candidate& candidate) { return candidate.server == order[1]; });
  balancer->update(fewer);
  EXPECT_EQ(balancer->pick(fresh_request()), order[0]);
  EXPECT_EQ(balancer->pick(fresh_request()), order[2]);
  EXPECT_EQ(balancer->pick(fresh_request()), order[3]);
}

TEST(RoundRobin, virtual_time_may_wrap) {
  // Servers of the lightest weight make strides of 2^40: 2^24 turns of each wrap 64 bits.
  TestServers servers(std::vector<std::uint32_t>{1, 1});
  Random random(1);
  std::vector<Candidate> light = servers.candidates();
  for (Candidate& candidate : light) candidate.weight = 1;
  const auto balancer = make(random, light);
  Server* last = balancer->pick(fresh_request());
  for (int pick = 0; pick < (1 << 25) + 1000; ++pick) {
    Server* next = balancer->pick(fresh_request());
    if (next == last) FAIL() << "lost its turn at pick " << pick;
    last = next;
  }
}

}  // namespace
}  // namespace fairlead::pool
