#include "pool/idle_limit.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace fairlead::pool {
namespace {

using Milliseconds = std::chrono::milliseconds;

std::uint32_t instant_of(TimePoint now) {
  return static_cast<std::uint32_t>(std::chrono::floor<Milliseconds>(now.time_since_epoch()).count());
}

Duration since(std::uint32_t instant, TimePoint now) { return Milliseconds(instant_of(now) - instant); }

}  // namespace

void IdleLimit::record_close(Duration age, TimePoint now) {
  constexpr Milliseconds::rep kMost = std::numeric_limits<std::uint32_t>::max();
  const auto rounded = std::clamp(std::chrono::floor<Milliseconds>(age).count(), Milliseconds::rep{1}, kMost);
  const Close close{.age = static_cast<std::uint32_t>(rounded), .instant = instant_of(now)};
  const Close last = unpack(last_.load(std::memory_order_relaxed));
  if (last.age != 0 && since(last.instant, now) < kOneMoment) return;
  last_.store(pack(close), std::memory_order_relaxed);
  const auto [shorter, longer] = std::minmax(close.age, last.age);
  if (static_cast<double>(shorter) < kAgreement * static_cast<double>(longer)) return;
  believed_.store(pack({.age = shorter, .instant = close.instant}), std::memory_order_relaxed);
}

Duration IdleLimit::at_most(Duration most, TimePoint now) const {
  const Close believed = unpack(believed_.load(std::memory_order_relaxed));
  if (believed.age == 0 || since(believed.instant, now) > kTrust) return most;
  return std::min(most, std::chrono::duration_cast<Duration>(Milliseconds(believed.age) * kSafeShare));
}

}  // namespace fairlead::pool
