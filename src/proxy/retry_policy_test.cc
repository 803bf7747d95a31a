#include "proxy/retry_policy.h"

#include <gtest/gtest.h>

#include <memory>

#include "pool/test_servers.h"

namespace fairlead::proxy {
namespace {

using Next = RetryPolicy::Next;
using pool::kTestStart;

constexpr Error kRefused{.code = ErrorCode::connect_refused, .blame = Blame::upstream, .retry_is_safe = true};
constexpr Error kReset{.code = ErrorCode::reset_before_response, .blame = Blame::upstream, .retry_if_idempotent = true};
constexpr Error kShortTry{.code = ErrorCode::response_timeout, .blame = Blame::upstream, .retry_if_idempotent = true};
constexpr Error kTimeout{.code = ErrorCode::response_timeout, .blame = Blame::upstream};

class NoSuspects : public pool::SuspectListener {
 public:
  void on_suspect(pool::Server&) override {}
};

class RetryPolicyTest : public testing::Test {
 protected:
  RetryPolicyTest() {
    tried_.add(**view_.pick({}, kTestStart));
    options_.statuses = {{{503, 503}}};
  }
  RetryPolicy policy(std::string_view method) const {
    RetryPolicy policy;
    policy.begin(options_, method);
    return policy;
  }
  Next after(RetryPolicy& policy, const RetryPolicy::Failure& failure) {
    return policy.after(failure, view_, tried_, kTestStart);
  }
  Next once(std::string_view method, const RetryPolicy::Failure& failure, std::string_view note = "") {
    RetryPolicy fresh = policy(method);
    const Next next = after(fresh, failure);
    EXPECT_EQ(fresh.note(), note);
    return next;
  }

  pool::TestServers servers_{2};
  RetryOptions options_;
  NoSuspects suspects_;
  Random random_{1};
  pool::PoolView view_{std::make_shared<pool::Pool>("web", pool::PoolOptions{}, servers_.members(), servers_.vitals()),
                       random_, suspects_};
  pool::TriedServers tried_;
};

TEST_F(RetryPolicyTest, what_no_server_saw_is_repeated_whatever_the_method) {
  EXPECT_EQ(once("GET", {.error = kRefused}), Next::other_server);
  EXPECT_EQ(once("POST", {.error = kRefused}), Next::other_server);
}

TEST_F(RetryPolicyTest, what_a_server_may_have_seen_is_repeated_for_listed_methods_only) {
  EXPECT_EQ(once("GET", {.error = kReset}), Next::other_server);
  EXPECT_EQ(once("POST", {.error = kReset}, "POST"), Next::nothing);
  options_.methods = {"PUT"};
  EXPECT_EQ(once("PUT", {.error = kReset}), Next::other_server);
  EXPECT_EQ(once("GET", {.error = kReset}, "GET"), Next::nothing);
}

TEST_F(RetryPolicyTest, the_end_of_a_short_try_is_repeated_and_the_end_of_patience_is_not) {
  options_.on.clear();
  EXPECT_EQ(once("GET", {.error = kShortTry}), Next::other_server);
  EXPECT_EQ(once("POST", {.error = kShortTry}, "POST"), Next::nothing);
  EXPECT_EQ(once("GET", {.error = kTimeout}), Next::nothing);
}

TEST_F(RetryPolicyTest, only_events_that_are_listed_are_repeated) {
  options_.on = {RetryOn::connect};
  EXPECT_EQ(once("GET", {.error = kRefused}), Next::other_server);
  EXPECT_EQ(once("GET", {.error = kReset}, "off"), Next::nothing);
}

TEST_F(RetryPolicyTest, a_body_that_was_passed_on_cannot_be_sent_again) {
  EXPECT_EQ(once("GET", {.error = kReset, .body_is_gone = true}, "body_streamed"), Next::nothing);
  EXPECT_EQ(once("GET", {.error = kReset, .was_race = true, .body_is_gone = true}, "body_streamed"), Next::nothing);
}

TEST_F(RetryPolicyTest, the_keepalive_race_is_repeated_on_the_same_server_and_costs_nothing) {
  options_.attempts = 0;
  EXPECT_EQ(once("GET", {.error = kReset, .was_race = true}), Next::same_server);
  EXPECT_EQ(once("POST", {.error = kReset, .was_race = true}, "POST"), Next::nothing);
}

TEST_F(RetryPolicyTest, a_client_that_is_bound_to_its_server_goes_nowhere_else) {
  EXPECT_EQ(once("GET", {.error = kRefused, .is_bound = true}, "sticky"), Next::nothing);
  EXPECT_EQ(once("GET", {.error = kReset, .was_race = true, .is_bound = true}), Next::same_server);
}

TEST_F(RetryPolicyTest, ends_with_the_attempts_the_servers_and_the_budget) {
  RetryPolicy twice = policy("GET");
  EXPECT_EQ(after(twice, {.error = kRefused}), Next::other_server);
  EXPECT_EQ(after(twice, {.error = kRefused}), Next::nothing);
  EXPECT_EQ(twice.note(), "attempts");
  EXPECT_EQ(twice.retries(), 1U);

  for (std::uint32_t spent = 1; spent < pool::RetryBudget::kMinimum; ++spent) once("GET", {.error = kRefused});
  EXPECT_EQ(once("GET", {.error = kRefused}, "budget"), Next::nothing);

  tried_.add(**view_.pick(tried_, kTestStart));
  EXPECT_EQ(once("GET", {.error = kRefused}, "no_other_server"), Next::nothing);
}

TEST_F(RetryPolicyTest, a_listed_status_is_thrown_away_once_another_server_is_paid_for) {
  RetryPolicy get = policy("GET");
  EXPECT_FALSE(get.wants_other_server(500, false, view_, tried_, kTestStart));
  EXPECT_TRUE(get.wants_other_server(503, false, view_, tried_, kTestStart));
  EXPECT_EQ(after(get, {.error = {.code = ErrorCode::bad_response}}), Next::other_server);
  EXPECT_EQ(get.retries(), 1U);
  EXPECT_FALSE(get.wants_other_server(503, false, view_, tried_, kTestStart));

  RetryPolicy post = policy("POST");
  EXPECT_FALSE(post.wants_other_server(503, false, view_, tried_, kTestStart));
  RetryPolicy streamed = policy("GET");
  EXPECT_FALSE(streamed.wants_other_server(503, true, view_, tried_, kTestStart));
}

}  // namespace
}  // namespace fairlead::proxy
