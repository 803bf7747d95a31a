// Time as the program counts it: a monotonic instant in nanoseconds, and durations with units.
//
// Nothing here reads a clock. The loop (runtime/event_loop.h) reads it once a turn and passes it on.
#pragma once

#include <chrono>
#include <cstdint>

namespace fairlead {

using Duration = std::chrono::nanoseconds;

// Marks instants of our monotonic clock, real or simulated, so that they cannot be mixed with wall time.
struct MonotonicClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock, Duration>;
  static constexpr bool is_steady = true;
};

using TimePoint = MonotonicClock::time_point;

// The instant after which a wait gives up. `kNever` never comes.
using Deadline = TimePoint;
inline constexpr Deadline kNever = TimePoint::max();

// Wall time, only for what people read: log lines, events, request ids.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// `start + wait`, or `kNever` where that would overflow.
constexpr Deadline deadline_after(TimePoint start, Duration wait) {
  return wait >= kNever - start ? kNever : start + wait;
}

}  // namespace fairlead
