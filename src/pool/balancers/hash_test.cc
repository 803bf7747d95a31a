#include <gtest/gtest.h>

#include <algorithm>

#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class HashTest : public testing::Test {
 protected:
  static constexpr std::size_t kServers = 10;
  static constexpr std::size_t kKeys = 4000;

  void SetUp() override {
    for (std::size_t key = 0; key < kKeys; ++key) keys_.push_back(random_.next());
  }
  std::unique_ptr<Balancer> make(std::optional<LoadFactor> bound = std::nullopt) {
    PoolOptions options;
    options.algorithm = Algorithm::hash;
    options.hash.bounded_load = bound;
    pool_ = servers_.pool(options);
    auto balancer = balancer_type(Algorithm::hash).make(*pool_, random_);
    balancer->update(servers_.candidates());
    return balancer;
  }
  // The server of every key.
  std::vector<std::size_t> homes(Balancer& balancer) {
    std::vector<std::size_t> all;
    for (const std::uint64_t key : keys_) all.push_back(servers_.index_of(balancer.pick(fresh_request(key))));
    return all;
  }
  std::vector<Candidate> all_but(std::size_t left_out) {
    std::vector<Candidate> candidates = servers_.candidates();
    candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(left_out));
    return candidates;
  }

  TestServers servers_{kServers};
  std::shared_ptr<const Pool> pool_;
  Random random_{5};
  std::vector<std::uint64_t> keys_;
};

TEST_F(HashTest, a_key_stays_on_its_server_in_every_worker) {
  const auto one = make();
  const std::vector<std::size_t> before = homes(*one);
  EXPECT_EQ(homes(*one), before);
  Random other_worker(99);
  const auto other = balancer_type(Algorithm::hash).make(*pool_, other_worker);
  other->update(servers_.candidates());
  EXPECT_EQ(homes(*other), before);
}

TEST_F(HashTest, a_server_that_goes_down_moves_its_own_keys_only_and_spreads_them) {
  const auto balancer = make();
  const std::vector<std::size_t> before = homes(*balancer);
  balancer->update(all_but(3));
  const std::vector<std::size_t> without = homes(*balancer);
  std::vector<int> taken(kServers);
  for (std::size_t key = 0; key < kKeys; ++key) {
    if (before[key] == 3)
      ++taken[without[key]];
    else
      ASSERT_EQ(without[key], before[key]);
  }
  for (std::size_t index = 0; index < kServers; ++index) EXPECT_EQ(taken[index] > 20, index != 3) << taken[index];
  balancer->update(servers_.candidates());
  EXPECT_EQ(homes(*balancer), before);
}

TEST_F(HashTest, keys_come_home_little_by_little_while_a_server_warms_up_and_none_goes_elsewhere) {
  const auto balancer = make();
  const std::vector<std::size_t> home = homes(*balancer);
  balancer->update(all_but(0));
  std::vector<std::size_t> before = homes(*balancer);
  servers_[0].publish_state(ServerState::warming, kTestStart, 10s);
  std::ptrdiff_t came_home = 0;
  for (const Duration elapsed : {0s, 4s, 8s, 10s}) {
    balancer->update(servers_.candidates(kTestStart + elapsed));
    const std::vector<std::size_t> now = homes(*balancer);
    for (std::size_t key = 0; key < kKeys; ++key) ASSERT_TRUE(now[key] == before[key] || now[key] == 0);
    EXPECT_GT(std::ranges::count(now, 0U), came_home);
    came_home = std::ranges::count(now, 0U);
    before = now;
  }
  EXPECT_EQ(before, home);
}

TEST_F(HashTest, a_retry_goes_to_the_same_second_server) {
  const auto balancer = make();
  for (const std::uint64_t key : keys_) {
    TriedServers tried;
    tried.add(*balancer->pick(fresh_request(key)));
    Server* second = balancer->pick({.tried = tried, .key_hash = key});
    ASSERT_NE(second, nullptr);
    ASSERT_EQ(balancer->pick({.tried = tried, .key_hash = key}), second);
  }
}

TEST_F(HashTest, one_key_that_everybody_asks_for_spills_over_at_the_bound) {
  constexpr std::uint32_t kRequests = 1000;
  const auto balancer = make(LoadFactor{1.5});
  std::vector<Permit> open;
  for (std::uint32_t request = 0; request < kRequests; ++request)
    open.emplace_back(*balancer->pick(fresh_request(keys_[0])));
  for (std::size_t index = 0; index < kServers; ++index)
    EXPECT_LE(servers_[index].in_flight(), 1.5 * kRequests / kServers + 1) << index;
}

TEST_F(HashTest, without_a_bound_a_key_stays_whatever_its_server_carries) {
  const auto balancer = make();
  std::vector<Permit> open;
  for (int request = 0; request < 1000; ++request) open.emplace_back(*balancer->pick(fresh_request(keys_[0])));
  EXPECT_EQ(open.front().server()->in_flight(), 1000U);
}

TEST_F(HashTest, keys_still_agree_while_most_of_the_pool_is_out) {
  const auto balancer = make();
  std::vector<Candidate> few = servers_.candidates();
  few.resize(1);
  balancer->update(few);
  EXPECT_EQ(std::ranges::count(homes(*balancer), 0U), static_cast<std::ptrdiff_t>(kKeys));
}

TEST_F(HashTest, backups_have_a_map_of_their_own) {
  PoolOptions options;
  options.algorithm = Algorithm::hash;
  for (std::size_t index = 0; index < kServers; ++index)
    options.servers.push_back({.name = servers_[index].name(), .address = servers_[index].endpoint()});
  std::vector<Member> members = servers_.members();
  members[8].backup = members[9].backup = true;
  const Pool pool("web", options, members, servers_.vitals());
  for (const std::uint64_t key : keys_) {
    ASSERT_LT(pool.key_map(false)->at(key), 8U);
    ASSERT_GE(pool.key_map(true)->at(key), 8U);
  }
}

}  // namespace
}  // namespace fairlead::pool
