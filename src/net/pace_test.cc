#include "net/pace.h"

#include <gtest/gtest.h>

namespace fairlead::net {
namespace {

using namespace std::chrono_literals;

TEST(Pace, without_a_rate_every_byte_earns_the_whole_patience) {
  const Pace pace{.patience = 30s};
  EXPECT_EQ(pace.after(1s, 500ms, 1), 30s);
  EXPECT_EQ(pace.after(1s, 500ms, 0), 500ms);
}

TEST(Pace, with_a_rate_a_byte_earns_the_time_that_it_may_take) {
  const Pace pace{.patience = 30s, .min_rate = 100};
  EXPECT_EQ(pace.after(10s, 2s, 100), 9s);
  EXPECT_EQ(pace.after(10s, 2s, 0), 8s);
}

TEST(Pace, who_is_fast_never_has_more_than_the_whole_patience) {
  const Pace pace{.patience = 30s, .min_rate = 240};
  EXPECT_EQ(pace.after(30s, 0s, 1U << 30U), 30s);
  EXPECT_EQ(pace.after(1s, 1s, std::size_t{1} << 62U), 30s);
}

TEST(Pace, a_trickle_is_out_of_patience_soon_after_the_silent) {
  const Pace pace{.patience = 30s, .min_rate = 240};
  Duration left = pace.patience;
  int seconds = 0;
  for (; left > 0s; ++seconds) left = pace.after(left, 1s, 1);
  EXPECT_EQ(seconds, 31);
}

TEST(Pace, who_keeps_to_the_rate_is_waited_for_for_ever) {
  const Pace pace{.patience = 30s, .min_rate = 240};
  Duration left = pace.patience;
  for (int second = 0; second < 10'000; ++second) left = pace.after(left, 1s, 240);
  EXPECT_EQ(left, 30s);
}

}  // namespace
}  // namespace fairlead::net
