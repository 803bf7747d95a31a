#include "telemetry/timestamp.h"

#include <gtest/gtest.h>

namespace fairlead::telemetry {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp, shows_one_instant_in_each_form) {
  const Timestamp timestamp(WallTime(Duration(1'768'485'729'114ms)));
  EXPECT_EQ(timestamp.iso(), "2026-01-15T14:02:09.114Z");
  EXPECT_EQ(timestamp.time_of_day(), "14:02:09.114");
  EXPECT_EQ(timestamp.time_of_day_to_the_second(), "14:02:09");
  EXPECT_EQ(timestamp.common_log(), "15/Jan/2026:14:02:09 +0000");
}

TEST(Timestamp, knows_the_calendar) {
  EXPECT_EQ(Timestamp(WallTime{}).iso(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Timestamp(WallTime(Duration(1'709'164'800s - 1ms))).iso(), "2024-02-28T23:59:59.999Z");
  EXPECT_EQ(Timestamp(WallTime(Duration(1'709'164'800s))).common_log(), "29/Feb/2024:00:00:00 +0000");
  EXPECT_EQ(Timestamp(WallTime(Duration(1'735'689'599s))).common_log(), "31/Dec/2024:23:59:59 +0000");
}

}  // namespace
}  // namespace fairlead::telemetry
