#include "pool/answer_times.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

void record(AnswerTimes& times, int count, Duration wait) {
  for (int answer = 0; answer < count; ++answer) times.record(wait);
}

void expect_near(std::optional<Duration> found, Duration wanted) {
  ASSERT_TRUE(found.has_value());
  EXPECT_GT(*found, wanted);
  EXPECT_LE(*found, wanted + wanted / 8 + 1us);
}

TEST(AnswerTimes, a_few_answers_say_nothing) {
  AnswerTimes times;
  record(times, static_cast<int>(AnswerTimes::kEnough) - 1, 1ms);
  EXPECT_FALSE(times.p95().has_value());
  record(times, 1, 1ms);
  EXPECT_TRUE(times.p95().has_value());
}

TEST(AnswerTimes, every_magnitude_is_measured_to_an_eighth) {
  for (const Duration wait : {Duration(1us), Duration(7us), Duration(8us), Duration(15us), Duration(16us),
                              Duration(1ms), Duration(42ms), Duration(1s), Duration(59s)}) {
    AnswerTimes times;
    record(times, 64, wait);
    expect_near(times.p95(), wait);
  }
}

TEST(AnswerTimes, what_lasts_for_ever_counts_as_long) {
  AnswerTimes times;
  record(times, 64, 24h);
  EXPECT_GT(times.p95(), 60s);
}

TEST(AnswerTimes, one_answer_in_twenty_is_slower) {
  AnswerTimes times;
  Random random(1);
  for (int answer = 0; answer < 4096; ++answer) times.record(std::chrono::microseconds(random.below(100'000)));
  expect_near(times.p95(), 92ms);
}

TEST(AnswerTimes, rare_slow_answers_do_not_raise_it_and_many_do) {
  AnswerTimes times;
  for (int block = 0; block < 10; ++block) {
    record(times, 97, 1ms);
    record(times, 3, 1s);
  }
  expect_near(times.p95(), 1ms);
  record(times, 640, 1s);
  expect_near(times.p95(), 1s);
}

TEST(AnswerTimes, forgets_what_was_long_ago) {
  AnswerTimes times;
  record(times, 4096, 1s);
  record(times, 8192, 1ms);
  expect_near(times.p95(), 1ms);
}

}  // namespace
}  // namespace fairlead::pool
