#include "pool/peak_latency.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

double ms(std::uint32_t units) {
  return static_cast<double>(units) * static_cast<double>(PeakLatency::kUnit / 1ns) / 1e6;
}

class PeakLatencyTest : public testing::Test {
 protected:
  double faded() const { return ms(latency_.at(now_).faded); }
  double measured() const { return ms(latency_.at(now_).measured); }

  PeakLatency latency_;
  TimePoint now_ = kTestStart;
};

TEST_F(PeakLatencyTest, knows_nothing_at_first_and_after_forgetting) {
  EXPECT_EQ(latency_.at(now_).measured, 0u);
  latency_.record_answer(1ms, now_);
  latency_.forget();
  EXPECT_EQ(latency_.at(now_).measured, 0u);
  EXPECT_EQ(latency_.at(now_).faded, 0u);
}

TEST_F(PeakLatencyTest, a_peak_counts_at_once) {
  latency_.record_answer(10ms, now_);
  latency_.record_answer(2s, now_);
  EXPECT_NEAR(faded(), 2000, 1);
}

TEST_F(PeakLatencyTest, the_same_answer_again_keeps_it_from_fading) {
  for (int answer = 0; answer < 100; ++answer) {
    now_ += 1s;
    latency_.record_answer(100ms, now_);
    ASSERT_NEAR(faded(), 100, 1);
  }
}

TEST_F(PeakLatencyTest, fades_by_half_in_a_half_life_and_keeps_what_was_measured) {
  latency_.record_answer(800ms, now_);
  now_ += PeakLatency::kHalfLife;
  EXPECT_NEAR(faded(), 400, 1);
  now_ += PeakLatency::kHalfLife * 2;
  EXPECT_NEAR(faded(), 100, 1);
  EXPECT_NEAR(measured(), 800, 1);
}

TEST_F(PeakLatencyTest, follows_faster_answers_with_time_however_many_come) {
  for (const Duration gap : {Duration(1ms), Duration(100ms)}) {
    latency_.forget();
    latency_.record_answer(1s, now_);
    for (Duration elapsed{}; elapsed < PeakLatency::kHalfLife; elapsed += gap) {
      now_ += gap;
      latency_.record_answer(100ms, now_);
    }
    EXPECT_NEAR(faded(), 100 + 450, 25);
    for (Duration elapsed{}; elapsed < 16 * PeakLatency::kHalfLife; elapsed += gap) {
      now_ += gap;
      latency_.record_answer(100ms, now_);
    }
    EXPECT_NEAR(faded(), 100, 1);
  }
}

TEST_F(PeakLatencyTest, a_fast_failure_makes_a_server_slower_not_faster) {
  latency_.record_answer(50ms, now_);
  latency_.record_failure(10us, now_);
  EXPECT_NEAR(faded(), 200, 1);
  latency_.record_failure(10us, now_);
  EXPECT_NEAR(faded(), 800, 1);
}

TEST_F(PeakLatencyTest, a_failure_counts_for_something_on_a_fast_or_unknown_server) {
  latency_.record_failure(1us, now_);
  EXPECT_NEAR(faded(), 100, 1);
}

TEST_F(PeakLatencyTest, failures_count_up_to_a_bound_or_as_long_as_they_took) {
  for (int failure = 0; failure < 100; ++failure) latency_.record_failure(1us, now_);
  EXPECT_NEAR(faded(), 10'000, 1);
  latency_.record_failure(1min, now_);
  EXPECT_NEAR(faded(), 60'000, 1);
}

TEST_F(PeakLatencyTest, what_says_little_raises_the_estimate_and_never_lowers_it) {
  latency_.record_answer(100ms, now_);
  now_ += 1s;
  latency_.record_at_least(1ms, now_);
  EXPECT_NEAR(measured(), 100, 1);
  latency_.record_at_least(300ms, now_);
  EXPECT_NEAR(faded(), 300, 1);
}

TEST_F(PeakLatencyTest, takes_a_clock_that_runs_behind_and_waits_of_any_length) {
  latency_.record_answer(100ms, now_);
  now_ -= 50ms;
  EXPECT_NEAR(faded(), 100, 1);
  latency_.record_answer(Duration::max(), now_);
  EXPECT_GT(faded(), 200'000);
  latency_.record_answer(-1s, now_);
  EXPECT_GT(faded(), 200'000);
}

TEST_F(PeakLatencyTest, is_written_by_many_threads) {
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([this] {
      for (int answer = 1; answer <= 2000; ++answer) latency_.record_answer(answer * 10us, now_);
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_GT(faded(), 0);
  EXPECT_LE(faded(), 20.1);
}

}  // namespace
}  // namespace fairlead::pool
