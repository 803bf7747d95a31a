#include "pool/learned_limit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

// A server that works on a few requests at once; what is beyond waits. It always has as many as it may, or `offered`.
class Model {
 public:
  explicit Model(double threads, Duration service = 10ms) : threads_(threads), service_(service) {}

  void run(Duration time) {
    for (const TimePoint end = now_ + time; now_ < end;) answer();
  }
  void answer() {
    const std::uint32_t held = std::min(limit_, offered_);
    const double queueing = std::max(1.0, held / threads_);
    const double noise = is_noisy_ ? -std::log(1 - random_.unit()) : 1;
    const auto wait = std::chrono::duration_cast<Duration>(service_ * queueing);
    now_ += wait / held;
    if (fails_) learned_.record_failure();
    const auto next = learned_.record(std::chrono::duration_cast<Duration>(wait * noise), held, limit_, now_);
    if (next) limit_ = *next;
  }

  double threads_;
  Duration service_;
  std::uint32_t offered_ = 1'000'000;
  bool is_noisy_ = false;
  bool fails_ = false;
  LearnedLimit learned_;
  std::uint32_t limit_ = LearnedLimit::kFirst;
  TimePoint now_ = kTestStart;
  Random random_{1};
};

TEST(LearnedLimit, finds_what_a_server_works_on_at_once) {
  for (const double threads : {1.0, 4.0, 16.0, 100.0, 1000.0}) {
    Model model(threads);
    model.run(3min);
    // A server in a measurement is held back.
    while (model.limit_ < threads) model.answer();
    EXPECT_GE(model.limit_, threads);
    EXPECT_LE(model.limit_, 2 * threads + 3) << threads << " threads";
  }
}

TEST(LearnedLimit, does_not_mind_answers_of_any_length) {
  for (const double threads : {4.0, 32.0}) {
    Model model(threads);
    model.is_noisy_ = true;
    model.run(3min);
    double sum = 0;
    for (int second = 0; second < 100; ++second) {
      model.run(1s);
      sum += model.limit_;
    }
    EXPECT_GT(sum / 100, 0.9 * threads) << threads << " threads";
    EXPECT_LT(sum / 100, 2.5 * threads + 3) << threads << " threads";
  }
}

TEST(LearnedLimit, a_server_that_became_slow_all_over_gets_its_limit_back) {
  Model model(16);
  model.run(2min);
  model.service_ = 40ms;
  model.run(3min);
  while (model.limit_ < 16) model.answer();
  EXPECT_LE(model.limit_, 35U);
}

TEST(LearnedLimit, follows_a_server_that_lost_its_threads) {
  Model model(64);
  model.run(2min);
  EXPECT_GT(model.limit_, 60U);
  model.threads_ = 4;
  model.run(10s);
  EXPECT_LT(model.limit_, 30U);
  model.run(3min);
  EXPECT_LE(model.limit_, 11U);
}

TEST(LearnedLimit, does_not_grow_where_nobody_needs_it) {
  Model model(1000);
  model.offered_ = 5;
  model.run(5min);
  EXPECT_EQ(model.limit_, LearnedLimit::kFirst);
}

TEST(LearnedLimit, shrinks_while_requests_fail) {
  Model model(1000);
  model.fails_ = true;
  model.run(20s);
  EXPECT_LT(model.limit_, LearnedLimit::kFirst);
  EXPECT_GE(model.limit_, 1U);
}

}  // namespace
}  // namespace fairlead::pool
