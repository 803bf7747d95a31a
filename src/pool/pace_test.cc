#include "pool/pace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "base/random.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

TEST(PaceSums, a_position_stands_for_its_time_within_a_few_percent) {
  for (Duration time = 1us; time < 100s; time = time * 11 / 10) {
    const Duration back = PaceSums::time_at(static_cast<double>(PaceSums::position_of(time)));
    ASSERT_NEAR(static_cast<double>(back.count()), static_cast<double>(time.count()),
                0.04 * static_cast<double>(time.count()));
  }
  EXPECT_EQ(PaceSums::position_of(2s) - PaceSums::position_of(1s), PaceSums::kOctave);
  EXPECT_EQ(PaceSums::position_of(0s), PaceSums::position_of(1us)) << "a wait of nothing has its place, too";
}

TEST(PaceSums, the_growth_between_two_readings_is_exact_when_sums_wrap) {
  PaceSums times;
  PaceSums::Reading before;
  constexpr std::uint64_t kAnswers = (1 << 24) + 1000;  // more than the count holds
  for (std::uint64_t answer = 0; answer < kAnswers; ++answer) {
    if (answer == kAnswers - 3000) before = times.read();
    times.record(1s);
  }
  const PaceSums::Reading grown = times.read() - before;
  EXPECT_EQ(grown.count(), 3000u);
  EXPECT_EQ(grown.positions(), 3000 * PaceSums::position_of(1s));
}

// A server that gets and answers requests, in steps of 10 ms.
class AnswerWindowTest : public testing::Test {
 protected:
  void run(Duration length, int requests_per_step, Duration wait) {
    for (const TimePoint end = now_ + length; now_ < end;) {
      for (int request = 0; request < requests_per_step; ++request) {
        const Permit permit(servers_[0]);
        servers_[0].pace_sums().record(wait);
      }
      pass(10ms);
    }
  }
  void pass(Duration time) {
    now_ += time;
    if (now_ < next_slide_) return;
    window_.slide(now_);
    next_slide_ = now_ + 250ms;
  }

  TestServers servers_{1};
  TimePoint now_ = kTestStart;
  TimePoint next_slide_ = kTestStart + 250ms;
  AnswerWindow window_{servers_[0], kTestStart};
};

TEST_F(AnswerWindowTest, holds_the_last_second_and_no_more) {
  EXPECT_EQ(window_.recent(now_).count, 0u);
  run(5s, 1, 20ms);
  EXPECT_NEAR(static_cast<double>(window_.recent(now_).count), 100, 26);
  run(1s, 1, 1s);
  EXPECT_EQ(window_.recent(now_).mean, static_cast<double>(PaceSums::position_of(1s)));
  EXPECT_NEAR(window_.recent(now_).variance, 0, 1e-6);
}

TEST_F(AnswerWindowTest, looks_further_back_where_requests_are_rare) {
  for (int request = 0; request < 20; ++request) {
    run(10ms, 1, 20ms);
    for (int step = 0; step < 49; ++step) pass(10ms);
  }
  EXPECT_GE(window_.recent(now_).count, 12u) << "two a second";
  for (int step = 0; step < 1100; ++step) pass(10ms);
  EXPECT_EQ(window_.recent(now_).count, 0u) << "but not for ever";
}

TEST_F(AnswerWindowTest, requests_that_all_wait_count_as_answers_that_took_as_long) {
  run(3s, 1, 20ms);
  std::vector<Permit> waiting;
  for (int step = 0; step < 125; ++step) {
    waiting.emplace_back(servers_[0]);
    pass(10ms);
  }
  const RecentAnswers recent = window_.recent(now_);
  EXPECT_TRUE(recent.is_stuck);
  EXPECT_GE(recent.count, 20u);
  EXPECT_GE(PaceSums::time_at(recent.mean), 240ms);
  EXPECT_LE(PaceSums::time_at(recent.mean), 520ms);
  waiting.pop_back();
  EXPECT_FALSE(window_.recent(now_).is_stuck) << "one was answered";
}

// It answers too little to be judged by that alone, and what it answers is so late that it would never be noticed.
TEST_F(AnswerWindowTest, requests_that_wait_behind_those_that_were_answered_count_with_them) {
  run(3s, 1, 20ms);
  std::vector<Permit> waiting;
  for (int step = 0; step < 200; ++step) {
    waiting.emplace_back(servers_[0]);
    pass(10ms);
    if (step % 50 != 49) continue;
    waiting.pop_back();
    servers_[0].pace_sums().record(800ms);
  }
  const RecentAnswers recent = window_.recent(now_);
  EXPECT_FALSE(recent.is_stuck);
  EXPECT_GE(recent.count, 20u);
  EXPECT_NEAR(recent.mean, static_cast<double>(PaceSums::position_of(800ms)), 0.1);
}

TEST_F(AnswerWindowTest, long_streams_do_not_make_those_beside_them_wait) {
  std::vector<Permit> streams;
  for (int stream = 0; stream < 40; ++stream) streams.emplace_back(servers_[0]);
  run(5s, 1, 20ms);
  EXPECT_NEAR(window_.recent(now_).mean, static_cast<double>(PaceSums::position_of(20ms)), 0.1);
}

TEST_F(AnswerWindowTest, requests_that_have_just_come_are_not_called_stuck) {
  for (int step = 0; step < 200; ++step) pass(10ms);
  std::vector<Permit> burst;
  for (int request = 0; request < 50; ++request) burst.emplace_back(servers_[0]);
  for (int step = 0; step < 30; ++step) pass(10ms);
  EXPECT_FALSE(window_.recent(now_).is_stuck);
}

RecentAnswers answers(std::uint64_t count, Duration mean, double deviation_in_octaves = 0.3) {
  const double deviation = deviation_in_octaves * PaceSums::kOctave;
  return {.count = count, .mean = static_cast<double>(PaceSums::position_of(mean)), .variance = deviation * deviation};
}

TEST(PoolPace, a_server_that_is_factor_times_slower_than_the_median_is_slow) {
  const std::vector<RecentAnswers> servers{answers(100, 20ms), answers(100, 22ms), answers(100, 240ms)};
  const PoolPace pace(servers, 5);
  EXPECT_EQ(pace.of(servers[0]), Pace::normal);
  EXPECT_EQ(pace.of(servers[2]), Pace::slow);
  EXPECT_EQ(pace.of(answers(100, 90ms)), Pace::between);
  EXPECT_EQ(pace.of(answers(100, 40ms)), Pace::normal);
  EXPECT_EQ(pace.words(servers[2]),
            "answers 11 times slower than the others (239 ms, they 21 ms); gets a hundredth of its share");
}

TEST(PoolPace, nothing_is_known_of_two_servers_or_of_few_answers_or_without_a_factor) {
  const std::vector<RecentAnswers> two{answers(100, 20ms), answers(100, 240ms)};
  EXPECT_EQ(PoolPace(two, 5).of(two[1]), Pace::unknown);
  const std::vector<RecentAnswers> few{answers(100, 20ms), answers(100, 240ms), answers(7, 20ms)};
  EXPECT_EQ(PoolPace(few, 5).of(few[1]), Pace::unknown);
  const std::vector<RecentAnswers> three{answers(100, 20ms), answers(100, 240ms), answers(8, 20ms)};
  EXPECT_EQ(PoolPace(three, 5).of(three[1]), Pace::slow);
  EXPECT_EQ(PoolPace(three, 5).of(answers(7, 240ms)), Pace::unknown);
  EXPECT_EQ(PoolPace(three, std::nullopt).of(three[1]), Pace::unknown);
}

TEST(PoolPace, of_a_server_that_was_slow_a_while_ago_fewer_answers_tell) {
  std::vector<RecentAnswers> servers{answers(100, 20ms), answers(100, 20ms), answers(4, 240ms)};
  EXPECT_EQ(PoolPace(servers, 5).of(servers[2]), Pace::unknown);
  servers[2].is_suspect = true;
  EXPECT_EQ(PoolPace(servers, 5).of(servers[2]), Pace::slow);
  servers[2].count = 3;
  EXPECT_EQ(PoolPace(servers, 5).of(servers[2]), Pace::unknown);
}

TEST(PoolPace, what_is_slow_everywhere_makes_nobody_slow) {
  const std::vector<RecentAnswers> servers(4, answers(100, 3s));
  EXPECT_EQ(PoolPace(servers, 5).of(servers[0]), Pace::normal);
}

TEST(PoolPace, differences_of_less_than_five_milliseconds_do_not_matter) {
  const std::vector<RecentAnswers> servers{answers(100, 200us), answers(100, 200us), answers(100, 4ms)};
  EXPECT_EQ(PoolPace(servers, 5).of(servers[2]), Pace::normal);
}

TEST(PoolPace, where_half_of_a_pool_is_slow_it_is_the_slow_half_that_is_found) {
  const std::vector<RecentAnswers> servers{answers(100, 240ms), answers(100, 20ms), answers(100, 240ms),
                                           answers(100, 20ms)};
  const PoolPace pace(servers, 5);
  EXPECT_EQ(pace.of(servers[0]), Pace::slow);
  EXPECT_EQ(pace.of(servers[1]), Pace::normal);
}

TEST(PoolPace, a_server_that_answers_nothing_is_slow_once_it_kept_requests_waiting_for_long_enough) {
  const RecentAnswers stuck{.count = 40, .mean = static_cast<double>(PaceSums::position_of(500ms)), .is_stuck = true};
  const std::vector<RecentAnswers> quick{answers(100, 20ms), answers(100, 20ms), stuck};
  EXPECT_EQ(PoolPace(quick, 5).of(stuck), Pace::slow);
  EXPECT_EQ(PoolPace(quick, 5).words(stuck),
            "has answered none of 40 requests for 494 ms, the others take 20 ms; gets a hundredth of its share");
  const std::vector<RecentAnswers> leisurely{answers(100, 200ms), answers(100, 200ms), stuck};
  EXPECT_NE(PoolPace(leisurely, 5).of(stuck), Pace::slow);
  const std::vector<RecentAnswers> all(3, stuck);
  EXPECT_NE(PoolPace(all, 5).of(stuck), Pace::slow);
}

// Quick pages and slow ones, half of each: the worst case of a fair comparison.
TEST(PoolPace, chance_alone_makes_no_server_slow_whatever_the_mix_of_requests) {
  Random random(20261124);
  int slow = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<RecentAnswers> servers;
    for (int server = 0; server < 4; ++server) {
      const std::uint64_t count = 8 + random.below(60);
      PaceSums times;
      for (std::uint64_t answer = 0; answer < count; ++answer) times.record(random.chance(0.5) ? 5ms : 800ms);
      const PaceSums::Reading sums = times.read();
      const double mean = static_cast<double>(sums.positions()) / static_cast<double>(count);
      servers.push_back({.count = count,
                         .mean = mean,
                         .variance = static_cast<double>(sums.squares) / static_cast<double>(count) - mean * mean});
    }
    const PoolPace pace(servers, 5);
    for (const RecentAnswers& server : servers) slow += pace.of(server) == Pace::slow ? 1 : 0;
  }
  EXPECT_EQ(slow, 0);
}

}  // namespace
}  // namespace fairlead::pool
