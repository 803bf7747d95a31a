#include "runtime/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace fairlead::runtime {

namespace {

constexpr std::uint64_t kNoTick = ~std::uint64_t{0};

// The first slot whose end is not before `instant`: firing it is never early.
std::uint64_t tick_at_or_after(TimePoint instant) {
  const auto count = instant.time_since_epoch().count();
  const auto width = TimerWheel::kTick.count();
  return count <= 0 ? 0 : static_cast<std::uint64_t>(count / width + (count % width != 0 ? 1 : 0));
}

std::uint64_t tick_before(TimePoint instant) {
  const auto count = instant.time_since_epoch().count();
  return count <= 0 ? 0 : static_cast<std::uint64_t>(count / TimerWheel::kTick.count());
}

TimePoint start_of(std::uint64_t tick) { return TimePoint(TimerWheel::kTick * static_cast<std::int64_t>(tick)); }

}  // namespace

TimerWheel::TimerWheel(TimePoint now) : tick_(tick_before(now)) {}

TimerWheel::~TimerWheel() {
  for (Slot& slot : slots_) slot.clear();
}

void TimerWheel::set(Timer& timer, Deadline deadline) {
  timer.deadline_ = deadline;
  if (deadline == kNever) {
    timer.unlink();
    return;
  }
  if (timer.is_linked()) {
    if (timer.tick_ <= tick_at_or_after(deadline)) return;  // Its slot comes first; it moves on then.
    timer.unlink();
  }
  link(timer);
}

void TimerWheel::cancel(Timer& timer) {
  timer.deadline_ = kNever;
  timer.unlink();
}

void TimerWheel::link(Timer& timer) {
  timer.tick_ = std::clamp(tick_at_or_after(timer.deadline_), tick_ + 1, tick_ + kSlots - 1);
  const std::size_t index = timer.tick_ % kSlots;
  slots_[index].push_back(timer);
  used_[index / 64] |= std::uint64_t{1} << (index % 64);
}

std::uint64_t TimerWheel::next_used_tick() const {
  // Walks the bitmap once round, from the slot after the last one fired.
  const std::size_t start = (tick_ + 1) % kSlots;
  for (std::size_t step = 0; step <= kWords; ++step) {
    const std::size_t word = (start / 64 + step) % kWords;
    std::uint64_t bits = used_[word];
    if (step == 0) bits &= ~std::uint64_t{0} << (start % 64);
    if (step == kWords) bits &= ~(~std::uint64_t{0} << (start % 64));
    if (bits == 0) continue;
    const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    return tick_ + 1 + (index + kSlots - start) % kSlots;
  }
  return kNoTick;
}

Deadline TimerWheel::next() const {
  const std::uint64_t tick = next_used_tick();
  return tick == kNoTick ? kNever : start_of(tick);
}

void TimerWheel::advance(TimePoint now) {
  const std::uint64_t target = tick_before(now);
  while (tick_ < target) {
    const std::uint64_t tick = next_used_tick();
    if (tick > target) {
      tick_ = target;
      return;
    }
    tick_ = tick;
    fire_slot(tick, now);
  }
}

void TimerWheel::fire_slot(std::uint64_t tick, TimePoint now) {
  const std::size_t index = tick % kSlots;
  Slot due;
  due.swap(slots_[index]);
  used_[index / 64] &= ~(std::uint64_t{1} << (index % 64));
  while (!due.empty()) {
    Timer& timer = due.front();
    due.pop_front();
    if (timer.deadline_ > now) {
      link(timer);
    } else {
      timer.deadline_ = kNever;
      timer.on_timer();
    }
  }
}

}  // namespace fairlead::runtime
