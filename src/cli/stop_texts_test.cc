#include "cli/stop_texts.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "cli/output.h"

namespace fairlead::cli {
namespace {

using namespace std::chrono_literals;

TEST(StopTexts, name_only_the_work_there_is) {
  EXPECT_EQ(work_text({14, 3}), "14 requests and 3 WebSockets");
  EXPECT_EQ(work_text({1, 0}), "1 request");
  EXPECT_EQ(work_text({0, 1}), "1 WebSocket");
  EXPECT_EQ(work_text({0, 0}), "0 requests");
}

TEST(StopTexts, say_what_is_waited_for) {
  EXPECT_EQ(stopping_text({14, 3}, 0s, 30s),
            "Stopping: no new connections. 14 requests and 3 WebSockets open; waiting up to 30s.");
  EXPECT_EQ(stopping_text({}, 5s, 30s),
            "Stopping: new connections for 5s more, so that others notice. Nothing is open; waiting up to 35s.");
  EXPECT_EQ(still_open_text(12s, {2, 3}), "    12s   2 requests and 3 WebSockets left");
}

TEST(StopTexts, tell_the_counts_that_are_not_zero) {
  EXPECT_EQ(totals_text({}), "");
  EXPECT_EQ(totals_text({.requests = 1}), "Served 1 request.");
  EXPECT_EQ(
      totals_text({.requests = 9,
                   .retries = 2,
                   .retries_recovered = 1,
                   .hedges = 3,
                   .hedges_won = 2,
                   .sticky_forged = 4,
                   .sticky_stale = 5}),
      "Served 9 requests, 2 retried (1 saved), 3 hedged (2 won), 4 with a forged sticky cookie, 5 with a stale one.");
}

TEST(StopTexts, count_what_was_finished_closed_and_cut) {
  EXPECT_EQ(stopped_text({}), "Stopped. Nothing was open.");
  EXPECT_EQ(stopped_text({.took = 30s, .at_first = {14, 3}, .left = {0, 3}}),
            "Stopped after 30s. 14 requests finished, 3 WebSockets closed (code 1001). Nothing was cut mid-response.");
  EXPECT_EQ(stopped_text({.took = 200ms, .at_first = {3, 0}, .left = {1, 0}}),
            "Stopped after 200ms. 2 requests finished, 1 request had to be cut.");
  EXPECT_EQ(stopped_text({.took = 30s, .at_first = {1, 0}, .left = {1, 0}}),
            "Stopped after 30s. 1 request had to be cut.");
  EXPECT_EQ(stopped_text({.took = 30s, .at_first = {0, 2}, .left = {0, 2}}),
            "Stopped after 30s. 2 WebSockets closed (code 1001). Nothing was cut mid-response.");
}

TEST(StopTexts, exit_with_6_only_where_a_request_was_cut) {
  EXPECT_EQ(stop_exit_code({.at_first = {1, 0}}), kDone);
  EXPECT_EQ(stop_exit_code({.left = {0, 3}}), kDone);
  EXPECT_EQ(stop_exit_code({.left = {1, 0}}), kTimedOut);
}

TEST(StopTexts, exit_with_130_after_a_second_interrupt) {
  EXPECT_EQ(stop_exit_code({.left = {1, 0}, .second_signal = SIGINT}), 130);
  EXPECT_EQ(stop_exit_code({.left = {1, 0}, .second_signal = SIGTERM}), kTimedOut);
  EXPECT_EQ(stop_exit_code({.second_signal = SIGTERM}), kDone);
}

}  // namespace
}  // namespace fairlead::cli
