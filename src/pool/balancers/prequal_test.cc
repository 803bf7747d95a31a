#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class PrequalTest : public testing::Test {
 protected:
  std::unique_ptr<Balancer> make(const TestServers& servers) {
    auto balancer = balancer_type(Algorithm::prequal).make(test_pool(), random_);
    balancer->update(servers.candidates());
    return balancer;
  }
  PickRequest request() const { return {.tried = none_, .now = kTestStart}; }
  // How many of so many requests, one after the other, each server gets.
  std::vector<int> shares(Balancer& balancer, const TestServers& servers, int picks = 1000) {
    std::vector<int> counts(servers.size());
    for (int pick = 0; pick < picks; ++pick) ++counts[servers.index_of(balancer.pick(request()))];
    return counts;
  }

  Random random_{1};
  TriedServers none_;
};

TEST_F(PrequalTest, of_cold_servers_the_one_whose_answers_come_soonest_is_taken) {
  TestServers servers(4);
  for (const std::size_t index : {0, 1, 2, 3})
    servers[index].load_latency().record_answer(0, index == 2 ? 10ms : 50ms, kTestStart);
  const auto balancer = make(servers);
  EXPECT_GT(shares(*balancer, servers)[2], 950);
}

TEST_F(PrequalTest, a_fast_server_that_is_hot_is_passed_over) {
  TestServers servers(4);
  for (const std::size_t index : {0, 1, 2, 3})
    servers[index].load_latency().record_answer(0, index == 2 ? 10ms : 50ms, kTestStart);
  const auto balancer = make(servers);
  shares(*balancer, servers);  // Learns which load is usual.
  std::vector<Permit> held;
  for (int request = 0; request < 5; ++request) held.emplace_back(servers[2]);
  EXPECT_LT(shares(*balancer, servers)[2], 100);
}

TEST_F(PrequalTest, where_all_are_hot_the_least_loaded_is_taken) {
  TestServers servers(3);
  const auto balancer = make(servers);
  shares(*balancer, servers);
  std::vector<Permit> held;
  for (const std::size_t index : {0, 0, 0, 1, 2, 2, 2}) held.emplace_back(servers[index]);
  EXPECT_EQ(balancer->pick(request()), &servers[1]);
}

TEST_F(PrequalTest, small_differences_are_chance_and_do_not_herd) {
  TestServers servers(4);
  for (const std::size_t index : {0, 1, 2, 3})
    servers[index].load_latency().record_answer(0, 50ms + 2ms * index, kTestStart);
  const auto balancer = make(servers);
  for (const int count : shares(*balancer, servers, 4000)) EXPECT_NEAR(count, 1000, 120);
}

TEST_F(PrequalTest, a_slow_server_of_many_gets_hardly_any) {
  TestServers servers(200);
  for (std::size_t index = 0; index < servers.size(); ++index)
    servers[index].load_latency().record_answer(0, index < 20 ? 500ms : 20ms, kTestStart);
  const auto balancer = make(servers);
  const std::vector<int> counts = shares(*balancer, servers, 20'000);
  int slow = 0;
  for (std::size_t index = 0; index < 20; ++index) slow += counts[index];
  EXPECT_LT(slow, 20) << "a tenth of the servers";
}

}  // namespace
}  // namespace fairlead::pool
