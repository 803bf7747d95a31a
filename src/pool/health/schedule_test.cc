#include "pool/health/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

TEST(CheckSchedule, servers_that_start_together_are_spread_over_an_interval) {
  Random random(1);
  std::vector<int> tenths(10);
  for (int server = 0; server < 10'000; ++server) {
    const Duration wait = CheckSchedule(5s).next(kTestStart, false, random) - kTestStart;
    ASSERT_GE(wait, 0s);
    ASSERT_LT(wait, 5s);
    ++tenths[static_cast<std::size_t>(wait / 500ms)];
  }
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 120);
}

TEST(CheckSchedule, later_checks_keep_the_interval_with_jitter) {
  Random random(1);
  CheckSchedule schedule(5s);
  schedule.next(kTestStart, false, random);
  Duration shortest = 1h;
  Duration longest{};
  for (int check = 0; check < 1000; ++check) {
    const Duration wait = schedule.next(kTestStart, false, random) - kTestStart;
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_GE(shortest, 4500ms);
  EXPECT_LT(shortest, 4600ms);
  EXPECT_LE(longest, 5500ms);
  EXPECT_GT(longest, 5400ms);
}

TEST(CheckSchedule, a_failing_server_is_checked_at_double_pace_from_its_first_check_on) {
  Random random(1);
  CheckSchedule schedule(5s);
  for (int check = 0; check < 100; ++check) {
    const Duration wait = schedule.next(kTestStart, true, random) - kTestStart;
    EXPECT_GE(wait, 2250ms);
    EXPECT_LE(wait, 2750ms);
  }
}

}  // namespace
}  // namespace fairlead::pool
