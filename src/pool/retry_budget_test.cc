#include "pool/retry_budget.h"

#include <gtest/gtest.h>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

int spend_all(RetryBudget& budget, Share share, TimePoint now) {
  int spent = 0;
  while (spent < 100'000 && budget.try_spend(share, now)) ++spent;
  return spent;
}

TEST(RetryBudget, a_quiet_pool_may_retry_a_little) {
  RetryBudget budget;
  EXPECT_EQ(spend_all(budget, Share{0.2}, kTestStart), static_cast<int>(RetryBudget::kMinimum));
}

TEST(RetryBudget, allows_a_share_of_the_requests_of_ten_seconds) {
  RetryBudget budget;
  for (int second = 0; second < 10; ++second) {
    for (int request = 0; request < 100; ++request) budget.record_request(kTestStart + second * 1s);
  }
  EXPECT_EQ(spend_all(budget, Share{0.2}, kTestStart + 9s), 200 + static_cast<int>(RetryBudget::kMinimum));
}

TEST(RetryBudget, a_refusal_spends_nothing) {
  RetryBudget budget;
  spend_all(budget, Share{0}, kTestStart);
  for (int refused = 0; refused < 100; ++refused) EXPECT_FALSE(budget.try_spend(Share{0}, kTestStart));
  for (int request = 0; request < 10; ++request) budget.record_request(kTestStart);
  EXPECT_TRUE(budget.try_spend(Share{0.1}, kTestStart));
  EXPECT_FALSE(budget.try_spend(Share{0.1}, kTestStart));
}

TEST(RetryBudget, what_is_older_than_the_window_is_forgotten) {
  RetryBudget budget;
  for (int request = 0; request < 1000; ++request) budget.record_request(kTestStart);
  spend_all(budget, Share{0.2}, kTestStart);
  EXPECT_FALSE(budget.try_spend(Share{0.2}, kTestStart + 9s));
  EXPECT_EQ(spend_all(budget, Share{0.2}, kTestStart + 10s), static_cast<int>(RetryBudget::kMinimum));
  EXPECT_EQ(spend_all(budget, Share{0.2}, kTestStart + 1h), static_cast<int>(RetryBudget::kMinimum));
}

}  // namespace
}  // namespace fairlead::pool
