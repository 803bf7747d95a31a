#include "pool/load_latency.h"

#include <algorithm>
#include <bit>

#include "pool/pace_sums.h"

namespace fairlead::pool {
namespace {

constexpr Duration kTick = std::chrono::microseconds(62'500);
// How far an answer moves an estimate that was renewed just now: a quarter of an octave.
constexpr std::uint32_t kStep = PaceSums::kOctave / 4;
// A failure makes a server four times slower, within these bounds.
constexpr std::uint32_t kFailureSteps = 2 * PaceSums::kOctave;
constexpr Duration kLeastFailure = std::chrono::milliseconds(100);
constexpr Duration kMostFailure = std::chrono::seconds(10);

std::uint32_t instant_of(TimePoint now) { return static_cast<std::uint32_t>(now.time_since_epoch() / kTick) & 0xFFFF; }

std::uint32_t position_of(Duration wait) { return static_cast<std::uint32_t>(PaceSums::position_of(wait)); }

void store(std::atomic<std::uint32_t>& word, std::uint32_t position, TimePoint now) {
  word.store(position << 16 | instant_of(now), std::memory_order_relaxed);
}

std::size_t index_of(std::uint32_t in_flight, std::size_t classes) {
  return std::min(static_cast<std::size_t>(std::bit_width(in_flight)), classes - 1);
}

}  // namespace

std::uint32_t LoadLatency::faded(Sample sample, TimePoint now) {
  constexpr auto kTicksOfHalfLife = static_cast<std::uint32_t>(kHalfLife / kTick);
  const std::uint32_t age = (instant_of(now) - sample.instant) & 0xFFFF;
  return sample.position -
         std::min(sample.position, age * static_cast<std::uint32_t>(PaceSums::kOctave) / kTicksOfHalfLife);
}

std::atomic<std::uint32_t>& LoadLatency::class_of(std::uint32_t in_flight) {
  return classes_[index_of(in_flight, kClasses)];
}

LoadLatency::Estimate LoadLatency::at(std::uint32_t in_flight, TimePoint now) const {
  const std::size_t own = index_of(in_flight, kClasses);
  const auto estimate = [&](std::size_t index) -> Estimate {
    const Sample sample = unpack(classes_[index].load(std::memory_order_relaxed));
    return {.measured = sample.position, .faded = faded(sample, now)};
  };
  for (std::size_t distance = 0; distance < kClasses; ++distance) {
    if (own >= distance) {
      if (const Estimate below = estimate(own - distance); below.measured != 0) return below;
    }
    if (own + distance < kClasses) {
      if (const Estimate above = estimate(own + distance); above.measured != 0) return above;
    }
  }
  return {};
}

// The older the estimate, the further an answer may move it.
void LoadLatency::follow(std::atomic<std::uint32_t>& word, std::uint32_t position, TimePoint now) {
  const Sample sample = unpack(word.load(std::memory_order_relaxed));
  if (sample.position == 0) return store(word, position, now);
  const std::uint32_t reach = kStep + sample.position - faded(sample, now);
  const std::uint32_t lowest = sample.position - std::min(sample.position, reach);
  store(word, std::clamp(position, lowest, sample.position + reach), now);
}

void LoadLatency::record_answer(std::uint32_t in_flight, Duration wait, TimePoint now) {
  follow(class_of(in_flight), position_of(wait), now);
}

void LoadLatency::record_at_least(std::uint32_t in_flight, Duration wait, TimePoint now) {
  const std::uint32_t position = position_of(wait);
  if (position > at(in_flight, now).faded) follow(class_of(in_flight), position, now);
}

void LoadLatency::record_failure(std::uint32_t in_flight, Duration wait, TimePoint now) {
  const std::uint32_t longer =
      std::clamp(at(in_flight, now).faded + kFailureSteps, position_of(kLeastFailure), position_of(kMostFailure));
  store(class_of(in_flight), std::max(longer, position_of(wait)), now);
}

void LoadLatency::forget() {
  for (std::atomic<std::uint32_t>& word : classes_) word.store(0, std::memory_order_relaxed);
}

}  // namespace fairlead::pool
