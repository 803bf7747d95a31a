#include "pool/candidates.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/hash.h"
#include "pool/balancers/catalog.h"
#include "pool/pool_view.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

class NoSuspects : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

// Ten servers; those from `near` on are far.
class Zones : public testing::Test {
 protected:
  PoolView view(std::size_t near, Algorithm algorithm = Algorithm::random) {
    options_.algorithm = algorithm;
    std::vector<Member> members = servers_.members();
    options_.servers.clear();
    for (std::size_t index = 0; index < members.size(); ++index) {
      members[index].far = index >= near;
      members[index].rank = mix(machine_, index);
      options_.servers.push_back({.name = servers_[index].name(), .address = servers_[index].endpoint()});
    }
    return PoolView(std::make_shared<Pool>("web", options_, std::move(members), servers_.vitals()), random_, suspects_);
  }
  // The share of requests, one after the other, that servers below `near` get.
  double share_below(PoolView& view, std::size_t near) {
    int hits = 0;
    for (int pick = 0; pick < kPicks; ++pick)
      hits += servers_.index_of(*view.pick({}, kTestStart, random_.next())) < near ? 1 : 0;
    return hits / static_cast<double>(kPicks);
  }
  std::set<std::size_t> used(PoolView& view) {
    std::set<std::size_t> indexes;
    for (int pick = 0; pick < kPicks; ++pick) indexes.insert(servers_.index_of(*view.pick({}, kTestStart)));
    return indexes;
  }

  static constexpr int kPicks = 20'000;
  TestServers servers_{10};
  PoolOptions options_;
  Random random_{1};
  NoSuspects suspects_;
  std::uint64_t machine_ = 1;
};

TEST_F(Zones, near_servers_serve_all_while_enough_of_them_serve_under_every_algorithm) {
  for (const BalancerType* type : balancer_catalog()) {
    for (std::size_t index = 0; index < 10; ++index) servers_.set_state(index, ServerState::up);
    PoolView pool = view(4, type->algorithm);
    EXPECT_EQ(share_below(pool, 4), 1) << type->name;
    servers_.set_state(0, ServerState::down);  // three of four are 75 %
    EXPECT_EQ(share_below(pool, 4), 1) << type->name;
  }
}

TEST_F(Zones, what_near_servers_cannot_take_goes_to_far_ones_under_every_algorithm) {
  for (const BalancerType* type : balancer_catalog()) {
    for (std::size_t index = 0; index < 10; ++index) servers_.set_state(index, ServerState::up);
    PoolView pool = view(4, type->algorithm);
    servers_.set_state(0, ServerState::down);
    servers_.set_state(1, ServerState::down);
    if (type->shares_by_weight) EXPECT_NEAR(share_below(pool, 4), 0.7, 0.015) << type->name;
    servers_.set_state(2, ServerState::down);
    servers_.set_state(3, ServerState::down);
    EXPECT_EQ(share_below(pool, 4), 0) << type->name;
  }
}

TEST_F(Zones, a_far_server_never_gets_more_than_it_would_without_zones) {
  PoolView pool = view(9);
  for (std::size_t index = 0; index < 8; ++index) servers_.set_state(index, ServerState::down);
  EXPECT_NEAR(share_below(pool, 9), 0.5, 0.015);
}

TEST_F(Zones, far_servers_help_before_anybody_waits) {
  PoolView pool = view(2);
  for (std::size_t index = 0; index < 10; ++index) servers_[index].publish_max_inflight(1);
  std::vector<Permit> open;
  for (int request = 0; request < 10; ++request) {
    Result<Permit> permit = pool.admit({}, kTestStart);
    ASSERT_TRUE(permit);
    ASSERT_EQ(servers_.index_of(permit->server()) < 2, request < 2) << request;
    open.push_back(std::move(*permit));
  }
  EXPECT_EQ(pool.admit({}, kTestStart).error().code, ErrorCode::queue_full);
}

TEST_F(Zones, first_fills_far_servers_in_their_order_too) {
  PoolView pool = view(2, Algorithm::first);
  for (std::size_t index = 0; index < 10; ++index) servers_[index].publish_max_inflight(1);
  std::vector<Permit> open;
  for (std::size_t request = 0; request < 10; ++request) {
    open.push_back(pool.admit({}, kTestStart).value());
    ASSERT_EQ(servers_.index_of(open.back().server()), request);
  }
}

TEST_F(Zones, an_overloaded_zone_gives_the_share_away_that_it_should_under_every_algorithm) {
  for (const BalancerType* type : balancer_catalog()) {
    if (!type->shares_by_weight) continue;
    PoolView pool = view(4, type->algorithm);
    pool.pool().publish_spill(0.3);
    EXPECT_NEAR(share_below(pool, 4), 0.7, 0.015) << type->name;
    pool.pool().publish_spill(0.9);
    EXPECT_NEAR(share_below(pool, 4), 0.4, 0.015) << type->name << ": as without zones";
    pool.pool().publish_spill(0);
    EXPECT_EQ(share_below(pool, 4), 1) << type->name;
  }
}

TEST_F(Zones, a_request_that_failed_on_every_near_server_goes_to_a_far_one) {
  PoolView pool = view(2);
  ASSERT_TRUE(pool.pick({}, kTestStart));
  TriedServers tried;
  tried.add(servers_[0]);
  tried.add(servers_[1]);
  EXPECT_TRUE(pool.has_untried(tried));
  EXPECT_GE(servers_.index_of(*pool.pick(tried, kTestStart)), 2U);
}

TEST_F(Zones, a_zone_without_servers_changes_nothing) {
  PoolView pool = view(0);
  EXPECT_EQ(used(pool).size(), 10U);
}

TEST_F(Zones, a_subset_is_as_large_as_it_should_be_and_stays) {
  options_.subset = 3;
  PoolView pool = view(10);
  const std::set<std::size_t> before = used(pool);
  EXPECT_EQ(before.size(), 3U);
  const std::size_t left = *before.begin();
  servers_.set_state(left, ServerState::down);
  std::set<std::size_t> after = used(pool);
  EXPECT_EQ(after.size(), 3U) << "another takes its place";
  after.insert(before.begin(), before.end());
  EXPECT_EQ(after.size(), 4U) << "the others stay";
  servers_.set_state(left, ServerState::up);
  EXPECT_EQ(used(pool), before);
}

TEST_F(Zones, subsets_of_many_machines_cover_all_servers) {
  options_.subset = 3;
  std::map<std::size_t, int> machines_of;
  for (machine_ = 0; machine_ < 200; ++machine_) {
    PoolView pool = view(10);
    for (const std::size_t index : used(pool)) ++machines_of[index];
  }
  ASSERT_EQ(machines_of.size(), 10U);
  for (const auto& [server, machines] : machines_of) EXPECT_NEAR(machines, 60, 26) << "four standard deviations";
}

TEST_F(Zones, a_subset_is_taken_from_near_servers) {
  options_.subset = 3;
  PoolView pool = view(5);
  EXPECT_EQ(share_below(pool, 5), 1);
  EXPECT_EQ(used(pool).size(), 3U);
}

}  // namespace
}  // namespace fairlead::pool
