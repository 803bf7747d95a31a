#include "pool/peak_latency.h"

#include <algorithm>
#include <limits>
#include <numbers>
#include <optional>

namespace fairlead::pool {
namespace {

constexpr unsigned kTickBits = 20;  // of nanoseconds
constexpr std::uint64_t kHalfLifeTicks = static_cast<std::uint64_t>(PeakLatency::kHalfLife.count()) >> kTickBits;

std::uint32_t ticks_of(TimePoint now) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(now.time_since_epoch().count()) >> kTickBits);
}

// At least 1, since 0 is no latency but the lack of one.
std::uint32_t units_of(Duration wait) {
  constexpr Duration::rep kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(wait / PeakLatency::kUnit, Duration::rep{1}, kMost));
}

// `value` halved once per half-life, with parabolas in between that begin as steeply as the exponential: within 1 % of
// it, without its cost.
std::uint32_t fade(std::uint32_t value, std::uint64_t ticks) {
  const std::uint64_t halvings = ticks / kHalfLifeTicks;
  if (halvings >= 32) return 0;
  constexpr double kSlope = std::numbers::ln2;
  const double part = static_cast<double>(ticks % kHalfLifeTicks) / static_cast<double>(kHalfLifeTicks);
  const double left = 1 - part * (kSlope - (kSlope - 0.5) * part);
  return static_cast<std::uint32_t>(static_cast<double>(value >> halvings) * left);
}

// Another worker's clock may be a little ahead of ours.
std::uint64_t ticks_since(std::uint32_t instant, TimePoint now) {
  return static_cast<std::uint64_t>(std::max(static_cast<std::int32_t>(ticks_of(now) - instant), 0));
}

}  // namespace

PeakLatency::Estimate PeakLatency::faded(Sample sample, TimePoint now) {
  return {.measured = sample.latency, .faded = fade(sample.latency, ticks_since(sample.instant, now))};
}

template <typename Next>
void PeakLatency::update(TimePoint now, Next next) {
  constexpr int kTries = 4;
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  for (int tries = 0; tries < kTries; ++tries) {
    const Sample sample = unpack(word);
    const std::optional<std::uint32_t> latency = next(sample, faded(sample, now));
    if (!latency) return;
    const std::uint64_t updated = (std::uint64_t{*latency} << 32) | ticks_of(now);
    if (updated == word) return;
    if (word_.compare_exchange_weak(word, updated, std::memory_order_relaxed)) return;
  }
}

void PeakLatency::record_answer(Duration wait, TimePoint now) {
  const std::uint32_t units = units_of(wait);
  update(now, [&](Sample sample, Estimate estimate) -> std::optional<std::uint32_t> {
    if (units >= estimate.faded) return units;
    // The longer the last measurement lies back, the more this one counts. A step that is too small to be seen is
    // not taken, and the time it would have taken counts towards the next.
    const std::uint32_t lowered = units + fade(sample.latency - units, ticks_since(sample.instant, now));
    return lowered < sample.latency ? std::optional(lowered) : std::nullopt;
  });
}

void PeakLatency::record_at_least(Duration wait, TimePoint now) {
  const std::uint32_t units = units_of(wait);
  update(now, [&](Sample, Estimate estimate) { return units >= estimate.faded ? std::optional(units) : std::nullopt; });
}

void PeakLatency::record_failure(Duration wait, TimePoint now) {
  update(now, [&](Sample, Estimate estimate) {
    const std::uint64_t longer =
        std::clamp<std::uint64_t>(kFailureFactor * estimate.faded, units_of(kLeastFailure), units_of(kMostFailure));
    const std::uint32_t units = std::max(static_cast<std::uint32_t>(longer), units_of(wait));
    return units >= estimate.faded ? std::optional(units) : std::nullopt;
  });
}

}  // namespace fairlead::pool
