#include "pool/load_latency.h"

#include <gtest/gtest.h>

#include "pool/pace_sums.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class LoadLatencyTest : public testing::Test {
 protected:
  Duration at(std::uint32_t in_flight) const { return PaceSums::time_at(latency_.at(in_flight, now_).faded); }
  void answer(std::uint32_t in_flight, Duration wait, int times = 1) {
    for (int answer = 0; answer < times; ++answer) latency_.record_answer(in_flight, wait, now_);
  }
  static void expect_near(Duration seen, Duration expected) {
    EXPECT_NEAR(static_cast<double>(seen.count()), static_cast<double>(expected.count()),
                0.05 * static_cast<double>(expected.count()));
  }

  LoadLatency latency_;
  TimePoint now_ = kTestStart;
};

TEST_F(LoadLatencyTest, knows_a_busy_server_from_an_idle_one_and_takes_the_nearest_where_it_knows_nothing) {
  EXPECT_EQ(latency_.at(3, now_).measured, 0u);
  answer(0, 10ms);
  answer(20, 80ms);
  expect_near(at(0), 10ms);
  expect_near(at(2), 10ms);
  expect_near(at(8), 80ms);
  expect_near(at(1000), 80ms);
}

TEST_F(LoadLatencyTest, follows_the_median_and_not_a_single_answer) {
  answer(0, 10ms);
  answer(0, 5s);
  EXPECT_LT(at(0), 13ms);
  answer(0, 10ms, 3);
  expect_near(at(0), 10ms);
  answer(0, 160ms, 20);
  expect_near(at(0), 160ms);
}

TEST_F(LoadLatencyTest, halves_in_five_seconds_and_is_then_quick_to_follow) {
  answer(0, 160ms);
  now_ += 10s;
  expect_near(at(0), 40ms);
  EXPECT_GE(latency_.at(0, now_).measured, PaceSums::position_of(160ms));
  answer(0, 50ms);
  expect_near(at(0), 50ms);
}

TEST_F(LoadLatencyTest, a_fast_failure_makes_it_slower_and_what_was_not_waited_for_never_faster) {
  answer(0, 100ms);
  latency_.record_failure(0, 1ms, now_);
  expect_near(at(0), 400ms);
  latency_.record_at_least(0, 5ms, now_);
  expect_near(at(0), 400ms);
  latency_.forget();
  latency_.record_failure(0, 1ms, now_);
  expect_near(at(0), 100ms);
}

}  // namespace
}  // namespace fairlead::pool
