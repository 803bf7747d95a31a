#include "runtime/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/random.h"

namespace fairlead::runtime {
namespace {

using namespace std::chrono_literals;

class RecordingTimer final : public Timer {
 public:
  explicit RecordingTimer(const TimePoint& now) : now_(now) {}
  void on_timer() override { fired_.push_back(now_); }
  const std::vector<TimePoint>& fired() const { return fired_; }

 private:
  const TimePoint& now_;
  std::vector<TimePoint> fired_;
};

constexpr TimePoint kStart{1h};

void run_until(TimerWheel& wheel, TimePoint& now, TimePoint end) {
  while (now < end) {
    now = std::min(end, wheel.next());
    wheel.advance(now);
  }
}

TEST(TimerWheel, fires_once_never_early_and_at_most_a_slot_late) {
  Random random(3);
  TimePoint now = kStart;
  TimerWheel wheel(now);
  std::vector<std::unique_ptr<RecordingTimer>> timers;
  std::vector<TimePoint> deadlines;
  for (int index = 0; index < 500; ++index) {
    timers.push_back(std::make_unique<RecordingTimer>(now));
    deadlines.push_back(kStart + Duration(static_cast<std::int64_t>(random.below(Duration(3min).count()))));
    wheel.set(*timers.back(), deadlines.back());
  }
  run_until(wheel, now, kStart + 4min);
  for (std::size_t index = 0; index < timers.size(); ++index) {
    ASSERT_EQ(timers[index]->fired().size(), 1U);
    EXPECT_GE(timers[index]->fired()[0], deadlines[index]);
    EXPECT_LE(timers[index]->fired()[0], deadlines[index] + TimerWheel::kTick * 2);
  }
}

TEST(TimerWheel, a_timer_that_is_pushed_back_fires_at_its_last_deadline) {
  TimePoint now = kStart;
  TimerWheel wheel(now);
  RecordingTimer timer(now);
  for (int step = 0; step < 100; ++step) {
    wheel.set(timer, now + 1s);
    run_until(wheel, now, now + 500ms);
  }
  EXPECT_TRUE(timer.fired().empty());
  const TimePoint last = timer.deadline();
  run_until(wheel, now, now + 10s);
  ASSERT_EQ(timer.fired().size(), 1U);
  EXPECT_GE(timer.fired()[0], last);
}

TEST(TimerWheel, a_timer_that_is_pulled_forward_fires_then) {
  TimePoint now = kStart;
  TimerWheel wheel(now);
  RecordingTimer timer(now);
  wheel.set(timer, now + 1h);
  wheel.set(timer, now + 1s);
  run_until(wheel, now, now + 2s);
  EXPECT_EQ(timer.fired().size(), 1U);
}

TEST(TimerWheel, a_cancelled_or_destroyed_timer_never_fires) {
  TimePoint now = kStart;
  TimerWheel wheel(now);
  RecordingTimer timer(now);
  wheel.set(timer, now + 1s);
  TimerWheel::cancel(timer);
  {
    RecordingTimer gone(now);
    wheel.set(gone, now + 1s);
  }
  run_until(wheel, now, now + 5s);
  EXPECT_TRUE(timer.fired().empty());
  EXPECT_EQ(wheel.next(), kNever);
}

}  // namespace
}  // namespace fairlead::runtime
