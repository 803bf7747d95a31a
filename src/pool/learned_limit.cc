#include "pool/learned_limit.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace fairlead::pool {

std::optional<std::uint32_t> LearnedLimit::record(Duration wait, std::uint32_t in_flight, std::uint32_t limit,
                                                  TimePoint now) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(wait).count();
  sum_.fetch_add(static_cast<std::uint64_t>(std::max(micros, std::int64_t{1})), std::memory_order_relaxed);
  const std::uint32_t count = count_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (std::uint64_t{in_flight} * 2 >= limit && !was_used_.load(std::memory_order_relaxed)) {
    was_used_.store(true, std::memory_order_relaxed);
  }
  const TimePoint::rep instant = now.time_since_epoch().count();
  TimePoint::rep end = window_end_.load(std::memory_order_relaxed);
  if (count < kEnough || instant < end) return std::nullopt;
  const TimePoint::rep next = instant + kWindow.count();
  if (!window_end_.compare_exchange_strong(end, next, std::memory_order_relaxed)) return std::nullopt;
  return end_window(limit, now);
}

std::optional<std::uint32_t> LearnedLimit::end_window(std::uint32_t limit, TimePoint now) {
  const std::uint64_t sum = sum_.exchange(0, std::memory_order_relaxed);
  const std::uint32_t count = count_.exchange(0, std::memory_order_relaxed);
  const bool was_used = was_used_.exchange(false, std::memory_order_relaxed);
  const bool has_failed = has_failed_.exchange(false, std::memory_order_relaxed);
  const double mean = static_cast<double>(sum) / std::max(count, 1U);

  switch (phase_.load(std::memory_order_relaxed)) {
    case Phase::settling:
      phase_.store(Phase::measuring, std::memory_order_relaxed);
      return std::nullopt;
    case Phase::measuring:
      unhurried_.store(mean, std::memory_order_relaxed);
      phase_.store(Phase::learning, std::memory_order_relaxed);
      put_off_probe(now);
      return before_probe_.load(std::memory_order_relaxed);
    case Phase::learning:
      break;
  }
  const double unhurried = unhurried_.load(std::memory_order_relaxed);
  // A server that has room is unhurried, whatever it takes. A busy one never takes less than that.
  constexpr double kStep = 1.0 / 16;
  if (unhurried == 0) {
    unhurried_.store(mean, std::memory_order_relaxed);
  } else if (!was_used || mean < unhurried) {
    unhurried_.store(unhurried + kStep * (mean - unhurried), std::memory_order_relaxed);
  }
  if (!was_used) return std::nullopt;
  const TimePoint::rep probe = next_probe_.load(std::memory_order_relaxed);
  if (probe == 0) {
    put_off_probe(now);
  } else if (now.time_since_epoch().count() >= probe) {
    before_probe_.store(limit, std::memory_order_relaxed);
    phase_.store(Phase::settling, std::memory_order_relaxed);
    return std::max(limit / kProbePart, 1U);
  }
  return follow(mean, limit, has_failed);
}

// Half the way to where the gradient points.
std::uint32_t LearnedLimit::follow(double mean, std::uint32_t limit, bool has_failed) const {
  constexpr double kSteepest = 0.5;
  constexpr double kAfterFailure = 0.8;
  const double ratio = kTolerance * unhurried_.load(std::memory_order_relaxed) / mean;
  const double gradient = std::clamp(ratio, kSteepest, has_failed ? kAfterFailure : 1.0);
  const double queue = has_failed ? 0 : std::sqrt(limit);
  const double next = (limit + limit * gradient + queue) / 2;
  // Rounded away from the old one, or small limits would never move.
  const double rounded = next > limit ? std::ceil(next) : std::floor(next);
  return static_cast<std::uint32_t>(std::clamp(rounded, 1.0, double{kMost}));
}

// Each measurement costs throughput, and the first ones tell the most.
void LearnedLimit::put_off_probe(TimePoint now) {
  const Duration interval(probe_interval_.load(std::memory_order_relaxed));
  next_probe_.store((now + interval).time_since_epoch().count(), std::memory_order_relaxed);
  probe_interval_.store(std::min(interval * 2, kLastProbe).count(), std::memory_order_relaxed);
}

}  // namespace fairlead::pool
