#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "pool/pool_view.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

class NoSuspects : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

class FirstTest : public testing::Test {
 protected:
  // Takes a permit for a new request. The number of its server.
  std::size_t admit(PoolView& view) {
    Result<Permit> permit = view.admit({}, kTestStart);
    if (!permit) return kNone;
    open_.push_back(std::move(*permit));
    return servers_.index_of(open_.back().server());
  }
  // Ends one request on the server.
  void end(std::size_t index) {
    const auto found = std::ranges::find(open_, &servers_[index], &Permit::server);
    ASSERT_NE(found, open_.end());
    open_.erase(found);
  }
  PoolView view(std::uint32_t limit) {
    PoolOptions options;
    options.algorithm = Algorithm::first;
    options.limits.max_inflight = limit;
    for (std::size_t index = 0; index < servers_.size(); ++index) servers_[index].publish_max_inflight(limit);
    return PoolView(servers_.pool(options), random_, suspects_);
  }

  static constexpr std::size_t kNone = 1'000'000;
  TestServers servers_{200};
  Random random_{1};
  NoSuspects suspects_;
  std::vector<Permit> open_;
};

TEST_F(FirstTest, fills_a_server_up_to_its_limit_before_the_next) {
  PoolView pool = view(3);
  for (std::size_t request = 0; request < 3 * servers_.size(); ++request) ASSERT_EQ(admit(pool), request / 3);
  EXPECT_EQ(admit(pool), kNone) << "all are full";
}

TEST_F(FirstTest, goes_back_to_the_first_server_that_has_room_again) {
  PoolView pool = view(2);
  for (int request = 0; request < 20; ++request) admit(pool);
  for (const std::size_t index : {7, 2, 9}) {
    end(index);
    ASSERT_EQ(admit(pool), index);
  }
  ASSERT_EQ(admit(pool), 10U);
}

TEST_F(FirstTest, finds_room_at_the_head_of_a_long_list_within_a_few_requests) {
  PoolView pool = view(1);
  for (int request = 0; request < 150; ++request) admit(pool);
  end(3);
  std::size_t requests = 1;
  while (admit(pool) != 3) ++requests;
  EXPECT_LE(requests, 11U) << "150 servers, 16 of them looked at for each";
}

TEST_F(FirstTest, without_a_limit_the_first_takes_all) {
  PoolView pool = view(0);
  for (int request = 0; request < 100; ++request) ASSERT_EQ(admit(pool), 0U);
}

}  // namespace
}  // namespace fairlead::pool
