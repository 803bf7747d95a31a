#include "pool/outlier_detector.h"

#include <gtest/gtest.h>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class OutlierDetectorTest : public testing::Test {
 protected:
  void succeed(int requests) {
    for (int request = 0; request < requests; ++request) servers_[0].record_success();
  }
  // How many of the failures were told to the control thread. Never in a row: the share rule alone is at work.
  int fail(int requests) {
    int told = 0;
    for (int request = 0; request < requests; ++request) {
      servers_[0].clear_failures_in_a_row();
      told += servers_[0].record_failure() ? 1 : 0;
    }
    return told;
  }
  int fail_in_a_row(int requests) {
    int told = 0;
    for (int request = 0; request < requests; ++request) told += servers_[0].record_failure() ? 1 : 0;
    return told;
  }

  TestServers servers_{4};
  OutlierDetector detector_{servers_[0], PassiveOptions{}, kTestStart};
};

TEST_F(OutlierDetectorTest, five_failures_that_are_half_of_the_requests_are_told_and_found) {
  succeed(5);
  EXPECT_EQ(fail(4), 0);
  EXPECT_FALSE(detector_.assess(kTestStart));
  EXPECT_EQ(fail(1), 1);
  const auto finding = detector_.assess(kTestStart);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->failures, 5u);
  EXPECT_EQ(finding->requests, 10u);
  EXPECT_EQ(finding->window, 30s);
}

TEST_F(OutlierDetectorTest, five_failures_in_a_row_are_told_and_found_however_many_succeeded_before) {
  succeed(1000);
  detector_.assess(kTestStart);
  EXPECT_EQ(fail_in_a_row(4), 0);
  EXPECT_FALSE(detector_.assess(kTestStart));
  EXPECT_EQ(fail_in_a_row(1), 1);
  EXPECT_TRUE(detector_.assess(kTestStart));
}

TEST_F(OutlierDetectorTest, may_rest_while_the_window_is_empty_and_misses_nothing_then) {
  succeed(1);
  for (Duration passed = 0s; passed < 30s; passed += 3s) {
    detector_.assess(kTestStart + passed);
    EXPECT_EQ(detector_.may_rest(), 0s);
  }
  detector_.assess(kTestStart + 30s);
  const Duration rest = detector_.may_rest();
  EXPECT_GT(rest, 15s);
  // The first failures after a rest, and after the tick by which it is noticed late.
  EXPECT_EQ(fail(5), 1);
  EXPECT_TRUE(detector_.assess(kTestStart + 30s + rest + 2 * detector_.tick()));
}

TEST_F(OutlierDetectorTest, a_success_ends_a_row) {
  succeed(1000);
  detector_.assess(kTestStart);
  fail_in_a_row(4);
  succeed(1);
  EXPECT_EQ(fail_in_a_row(4), 0);
  EXPECT_FALSE(detector_.assess(kTestStart));
}

TEST_F(OutlierDetectorTest, a_row_counts_once) {
  fail_in_a_row(5);
  ASSERT_TRUE(detector_.assess(kTestStart));
  detector_.reset(kTestStart);
  EXPECT_FALSE(detector_.assess(kTestStart + 1s));
}

TEST_F(OutlierDetectorTest, failures_below_the_share_are_not_held_against_it) {
  succeed(6);
  fail(5);
  EXPECT_FALSE(detector_.assess(kTestStart));
  EXPECT_EQ(fail(1), 1);
  EXPECT_TRUE(detector_.assess(kTestStart));
}

TEST_F(OutlierDetectorTest, a_busy_server_is_looked_at_no_sooner_than_it_could_be_found) {
  succeed(1000);
  detector_.assess(kTestStart);
  EXPECT_EQ(fail(999), 0);
  EXPECT_EQ(fail(1), 1);
  EXPECT_TRUE(detector_.assess(kTestStart));
}

TEST_F(OutlierDetectorTest, failures_older_than_the_window_are_forgotten) {
  fail(4);
  TimePoint now = kTestStart;
  for (; now < kTestStart + 31s; now += detector_.tick()) EXPECT_FALSE(detector_.assess(now));
  fail(1);
  EXPECT_FALSE(detector_.assess(now));
  fail(4);
  EXPECT_TRUE(detector_.assess(now));
}

TEST_F(OutlierDetectorTest, failures_within_the_window_add_up) {
  TimePoint now = kTestStart;
  for (int failure = 0; failure < 4; ++failure) {
    fail(1);
    EXPECT_FALSE(detector_.assess(now));
    now += 6s;
  }
  fail(1);
  EXPECT_TRUE(detector_.assess(now));
}

TEST_F(OutlierDetectorTest, successes_that_leave_the_window_let_old_failures_weigh_more) {
  succeed(100);
  for (TimePoint now = kTestStart; now < kTestStart + 15s; now += detector_.tick()) detector_.assess(now);
  fail(5);
  EXPECT_FALSE(detector_.assess(kTestStart + 15s));
  bool is_found = false;
  for (TimePoint now = kTestStart + 15s; now < kTestStart + 36s; now += detector_.tick())
    is_found |= detector_.assess(now).has_value();
  EXPECT_TRUE(is_found);
}

TEST_F(OutlierDetectorTest, reset_forgets_what_led_to_the_ejection) {
  fail(5);
  ASSERT_TRUE(detector_.assess(kTestStart));
  detector_.reset(kTestStart);
  EXPECT_FALSE(detector_.assess(kTestStart));
  EXPECT_EQ(fail(4), 0);
  EXPECT_EQ(fail(1), 1);
}

TEST_F(OutlierDetectorTest, a_server_that_may_not_be_ejected_is_not_told_of_at_every_failure) {
  fail(5);
  ASSERT_TRUE(detector_.assess(kTestStart));
  EXPECT_EQ(fail(4), 0);
  EXPECT_EQ(fail(1), 1);
}

TEST_F(OutlierDetectorTest, idle_for_longer_than_the_window_leaves_nothing) {
  fail(4);
  EXPECT_FALSE(detector_.assess(kTestStart + 1h));
  fail(4);
  EXPECT_FALSE(detector_.assess(kTestStart + 1h));
}

TEST(MayEject, never_more_than_the_share_of_the_pool) {
  TestServers servers(4);
  EXPECT_TRUE(may_eject(servers.members(), servers[0], Share{0.5}));
  servers.set_state(0, ServerState::ejected);
  EXPECT_TRUE(may_eject(servers.members(), servers[1], Share{0.5}));
  servers.set_state(1, ServerState::ejected);
  EXPECT_FALSE(may_eject(servers.members(), servers[2], Share{0.5}));
  EXPECT_TRUE(may_eject(servers.members(), servers[2], Share{0.75}));
  EXPECT_FALSE(may_eject(servers.members(), servers[2], Share{0}));
}

TEST(MayEject, a_pool_of_one_is_watched_only) {
  TestServers servers(1);
  EXPECT_FALSE(may_eject(servers.members(), servers[0], Share{1}));
}

TEST(MayEject, not_the_last_server_that_serves) {
  for (const ServerState other : kServerStates) {
    TestServers servers(2);
    servers.set_state(1, other);
    EXPECT_EQ(may_eject(servers.members(), servers[0], Share{1}), is_serving(other)) << word(other);
  }
}

TEST(MayEject, a_server_that_the_operator_took_out_does_not_widen_the_share) {
  TestServers servers(3);
  servers.set_state(2, ServerState::disabled);
  EXPECT_TRUE(may_eject(servers.members(), servers[0], Share{0.5}));
  EXPECT_FALSE(may_eject(servers.members(), servers[0], Share{0.4}));
}

TEST(CountsAgainstServer, errors_of_the_server_but_not_slowness_nor_the_clients_own) {
  for (const ErrorCode code :
       {ErrorCode::connect_refused, ErrorCode::connect_unreachable, ErrorCode::connect_timeout,
        ErrorCode::reset_before_response, ErrorCode::reset_mid_response, ErrorCode::bad_response})
    EXPECT_TRUE(counts_against_server(Error{.code = code}, {})) << word(code);
  for (const ErrorCode code :
       {ErrorCode::response_timeout, ErrorCode::client_gone, ErrorCode::canceled, ErrorCode::out_of_resources})
    EXPECT_FALSE(counts_against_server(Error{.code = code}, {})) << word(code);
}

TEST(CountsAgainstServer, a_late_answer_where_the_configuration_says_so) {
  PassiveOptions options;
  options.timeouts = true;
  EXPECT_TRUE(counts_against_server(Error{.code = ErrorCode::response_timeout}, options));
  EXPECT_FALSE(counts_against_server(Error{.code = ErrorCode::client_gone}, options));
}

TEST_F(OutlierDetectorTest, the_words_say_which_rule_found_it) {
  succeed(3);
  fail(5);
  EXPECT_EQ(detector_.assess(kTestStart)->words(), "5 of 8 requests failed within 30 s");
  detector_.reset(kTestStart);
  succeed(100);
  fail_in_a_row(5);
  EXPECT_EQ(detector_.assess(kTestStart)->words(), "5 requests failed in a row");
}

}  // namespace
}  // namespace fairlead::pool
