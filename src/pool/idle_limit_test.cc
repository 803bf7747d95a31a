#include "pool/idle_limit.h"

#include <gtest/gtest.h>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class IdleLimitTest : public testing::Test {
 protected:
  void close_at(Duration age, Duration later) {
    now_ += later;
    limit_.record_close(age, now_);
  }
  Duration allowed(Duration most = 4s) const { return limit_.at_most(most, now_); }

  IdleLimit limit_;
  TimePoint now_ = kTestStart;
};

TEST_F(IdleLimitTest, two_closes_at_about_one_age_are_the_servers_limit) {
  close_at(1s, 0s);
  EXPECT_EQ(allowed(), 4s);
  close_at(1100ms, 3s);
  EXPECT_EQ(allowed(), 750ms);
}

TEST_F(IdleLimitTest, is_never_longer_than_was_configured) {
  close_at(60s, 0s);
  close_at(60s, 1s);
  EXPECT_EQ(allowed(4s), 4s);
  EXPECT_EQ(allowed(120s), 45s);
}

TEST_F(IdleLimitTest, closes_of_one_moment_are_a_restart) {
  for (int connection = 0; connection < 50; ++connection) close_at(1s, 1ms);
  EXPECT_EQ(allowed(), 4s);
}

TEST_F(IdleLimitTest, closes_at_any_age_teach_nothing) {
  close_at(100ms, 0s);
  close_at(3s, 20s);
  close_at(700ms, 20s);
  EXPECT_EQ(allowed(), 4s);
}

TEST_F(IdleLimitTest, an_old_limit_is_forgotten_and_one_close_renews_it) {
  close_at(1s, 0s);
  close_at(1s, 1s);
  now_ += IdleLimit::kTrust + 1s;
  EXPECT_EQ(allowed(), 4s);
  close_at(1s, 1s);
  EXPECT_EQ(allowed(), 750ms);
}

TEST_F(IdleLimitTest, a_server_with_a_new_limit_is_learned_anew) {
  close_at(2s, 0s);
  close_at(2s, 1s);
  close_at(500ms, 1s);
  close_at(500ms, 1s);
  EXPECT_EQ(allowed(), 375ms);
}

}  // namespace
}  // namespace fairlead::pool
