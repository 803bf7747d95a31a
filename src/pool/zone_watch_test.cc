#include "pool/zone_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "pool/permit.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

RecentAnswers answers(Duration each, std::uint64_t count = 100) {
  return {.count = count, .mean = static_cast<double>(PaceSums::position_of(each))};
}

// Four servers, of which two are far.
class ZoneWatchTest : public testing::Test {
 protected:
  void load() {
    std::vector<Member> members = servers_.members();
    members[2].far = members[3].far = true;
    pool_ = std::make_shared<Pool>("web", options_, std::move(members), servers_.vitals());
  }
  void put_in_flight(std::size_t server, int requests) {
    for (int request = 0; request < requests; ++request) open_.emplace_back(servers_[server]);
  }
  // The share that goes elsewhere after so many looks.
  double after(int looks, RecentAnswers near, RecentAnswers far = {}) {
    for (int look = 0; look < looks; ++look) {
      watch_.look(*pool_, std::vector{near, near, far, far}, now_);
      now_ += 250ms;
    }
    return pool_->spill();
  }

  TestServers servers_{4};
  PoolOptions options_;
  std::shared_ptr<Pool> pool_;
  std::vector<Permit> open_;
  ZoneWatch watch_;
  TimePoint now_ = kTestStart;
};

TEST_F(ZoneWatchTest, an_overloaded_zone_gives_away_little_by_little_and_takes_back_more_slowly) {
  load();
  put_in_flight(0, 10);
  EXPECT_EQ(after(10, answers(20ms)), 0);
  EXPECT_NEAR(after(1, answers(50ms)), ZoneWatch::kAway, 1e-9);
  EXPECT_NEAR(after(4, answers(50ms), answers(20ms)), 5 * ZoneWatch::kAway, 1e-9);
  EXPECT_NEAR(after(100, answers(35ms), answers(20ms)), 5 * ZoneWatch::kAway, 1e-9) << "neither well nor overloaded";
  EXPECT_NEAR(after(1, answers(20ms), answers(20ms)), 5 * ZoneWatch::kAway - ZoneWatch::kBack, 1e-9);
  EXPECT_EQ(after(100, answers(20ms)), 0);
}

TEST_F(ZoneWatchTest, an_overload_is_told_once_and_so_is_its_end) {
  load();
  put_in_flight(0, 10);
  after(10, answers(20ms));
  EXPECT_FALSE(watch_.news(*pool_));
  after(2, answers(60ms));
  EXPECT_FALSE(watch_.news(*pool_)) << "too little to speak of";
  after(1, answers(60ms));
  const std::optional<ZoneEvent> overload = watch_.news(*pool_);
  ASSERT_TRUE(overload);
  EXPECT_TRUE(overload->is_overloaded);
  EXPECT_EQ(overload->pool, "web");
  EXPECT_THAT(overload->why, testing::HasSubstr("other zones take 12 % of its requests"));
  EXPECT_THAT(overload->why, testing::ContainsRegex("take (5.|6.) ms to answer, and (19|20|21) ms at ease"));
  after(2, answers(60ms));
  EXPECT_FALSE(watch_.news(*pool_));
  after(5, answers(20ms));
  EXPECT_FALSE(watch_.news(*pool_));
  after(100, answers(20ms));
  const std::optional<ZoneEvent> end = watch_.news(*pool_);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->is_overloaded);
  EXPECT_THAT(end->why, testing::HasSubstr("took up to 20 % of them"));
  EXPECT_FALSE(watch_.news(*pool_));
}

TEST_F(ZoneWatchTest, an_overload_is_not_over_because_the_zone_is_down) {
  load();
  put_in_flight(0, 10);
  after(10, answers(20ms));
  after(3, answers(60ms));
  EXPECT_TRUE(watch_.news(*pool_));
  for (std::size_t server : {0, 1}) servers_[server].publish_state(ServerState::down, {}, {});
  after(100, {});
  EXPECT_FALSE(watch_.news(*pool_));
  for (std::size_t server : {0, 1}) servers_[server].publish_state(ServerState::up, {}, {});
  after(1, answers(20ms));
  EXPECT_TRUE(watch_.news(*pool_));
}

TEST_F(ZoneWatchTest, a_change_reaches_every_view_and_none_is_announced_where_nothing_changes) {
  load();
  put_in_flight(0, 10);
  after(10, answers(20ms));
  const std::uint64_t before = pool_->epoch();
  after(10, answers(20ms));
  EXPECT_EQ(pool_->epoch(), before);
  after(1, answers(50ms));
  EXPECT_EQ(pool_->epoch(), before + 1);
}

TEST_F(ZoneWatchTest, work_that_takes_as_long_elsewhere_stays) {
  load();
  put_in_flight(0, 10);
  after(10, answers(20ms));
  EXPECT_GT(after(4, answers(100ms)), 0) << "nothing is known of the others yet";
  EXPECT_EQ(after(16, answers(100ms), answers(90ms)), 0);
  EXPECT_EQ(after(100, answers(100ms)), 0) << "that is how long it takes now";
  after(1, answers(20ms));
  EXPECT_GT(after(1, answers(100ms)), 0);
}

TEST_F(ZoneWatchTest, another_zone_that_carries_as_much_gets_no_more) {
  load();
  put_in_flight(0, 10);
  put_in_flight(2, 10);
  after(10, answers(20ms));
  EXPECT_EQ(after(10, answers(100ms), answers(20ms)), 0);
}

TEST_F(ZoneWatchTest, what_nobody_would_notice_moves_nothing) {
  load();
  put_in_flight(0, 10);
  after(10, answers(1ms));
  EXPECT_EQ(after(10, answers(5ms)), 0) << "4 ms longer";
  after(1, answers(1ms, 3));
  EXPECT_EQ(after(10, answers(500ms, 3)), 0) << "too few answers";
}

TEST_F(ZoneWatchTest, one_slow_server_is_no_overload) {
  load();
  put_in_flight(0, 10);
  after(10, answers(20ms));
  for (int look = 0; look < 20; ++look)
    watch_.look(*pool_, std::vector<RecentAnswers>{answers(20ms, 60), answers(5s, 40), {}, {}}, now_);
  EXPECT_EQ(pool_->spill(), 0);
}

TEST_F(ZoneWatchTest, the_zone_at_ease_is_forgotten_after_ten_minutes) {
  load();
  put_in_flight(0, 10);
  after(1, answers(20ms));
  after(20 * 60 * 4, answers(30ms));
  EXPECT_EQ(after(20, answers(45ms)), 0) << "one and a half times as long";
  EXPECT_GT(after(1, answers(61ms)), 0);
}

TEST_F(ZoneWatchTest, off_means_off_and_so_does_hashing) {
  for (const Algorithm algorithm : {Algorithm::least_requests, Algorithm::hash, Algorithm::ip_hash}) {
    options_.algorithm = algorithm;
    options_.spill_factor = hashing_of(options_) ? std::optional<std::uint32_t>(2) : std::nullopt;
    load();
    put_in_flight(0, 10);
    after(10, answers(20ms));
    EXPECT_EQ(after(10, answers(500ms)), 0);
  }
}

TEST_F(ZoneWatchTest, a_reload_that_turns_it_off_takes_all_back) {
  load();
  put_in_flight(0, 10);
  after(10, answers(20ms));
  EXPECT_GT(after(10, answers(500ms)), 0);
  options_.spill_factor.reset();
  load();
  EXPECT_EQ(after(1, answers(500ms)), 0);
}

TEST_F(ZoneWatchTest, servers_are_slow_beside_those_of_their_own_zone_only) {
  TestServers servers(8);
  std::vector<Member> members = servers.members();
  std::vector<RecentAnswers> recent;
  for (std::size_t index = 0; index < members.size(); ++index) {
    members[index].far = index >= 4;
    recent.push_back(answers(index >= 4 ? 200ms : 10ms));
  }
  recent[1] = answers(100ms);
  recent[6] = answers(2s);
  const Pool pool("web", options_, std::move(members), servers.vitals());
  const ZonePaces paces(pool, recent);
  for (std::size_t index = 0; index < recent.size(); ++index) {
    const Pace expected = index == 1 || index == 6 ? Pace::slow : Pace::normal;
    EXPECT_EQ(paces.of(pool.members()[index]).of(recent[index]), expected) << index;
  }
}

}  // namespace
}  // namespace fairlead::pool
