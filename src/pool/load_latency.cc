#include "pool/load_latency.h"

#include <algorithm>

namespace fairlead::pool {
namespace {

// How far an answer moves an estimate that was renewed just now: a quarter of an octave.
constexpr std::uint32_t kStep = PaceSums::kOctave / 4;
// A failure makes a server four times slower, within these bounds.
constexpr std::uint32_t kFailureSteps = 2 * PaceSums::kOctave;
constexpr Duration kLeastFailure = std::chrono::milliseconds(100);
constexpr Duration kMostFailure = std::chrono::seconds(10);

std::uint32_t position_of(Duration wait) { return static_cast<std::uint32_t>(PaceSums::position_of(wait)); }

}  // namespace

void LoadLatency::store(std::uint32_t index, std::uint32_t position, TimePoint now) {
  classes_[index].store(position << 16 | instant_of(now), std::memory_order_relaxed);
  const std::uint32_t known = known_.load(std::memory_order_relaxed);
  if ((known >> index & 1) == 0) known_.fetch_or(1U << index, std::memory_order_relaxed);
}

// The older the estimate, the further an answer may move it.
void LoadLatency::follow(std::uint32_t index, std::uint32_t position, TimePoint now) {
  const Sample sample = unpack(classes_[index].load(std::memory_order_relaxed));
  if (sample.position == 0) return store(index, position, now);
  const std::uint32_t reach = kStep + sample.position - faded(sample, now);
  const std::uint32_t lowest = sample.position - std::min(sample.position, reach);
  store(index, std::clamp(position, lowest, sample.position + reach), now);
}

void LoadLatency::record_answer(std::uint32_t in_flight, Duration wait, TimePoint now) {
  follow(index_of(in_flight), position_of(wait), now);
}

void LoadLatency::record_at_least(std::uint32_t in_flight, Duration wait, TimePoint now) {
  const std::uint32_t position = position_of(wait);
  if (position > at(in_flight, now).faded) follow(index_of(in_flight), position, now);
}

void LoadLatency::record_failure(std::uint32_t in_flight, Duration wait, TimePoint now) {
  const std::uint32_t longer =
      std::clamp(at(in_flight, now).faded + kFailureSteps, position_of(kLeastFailure), position_of(kMostFailure));
  store(index_of(in_flight), std::max(longer, position_of(wait)), now);
}

void LoadLatency::forget() {
  known_.store(0, std::memory_order_relaxed);
  for (std::atomic<std::uint32_t>& word : classes_) word.store(0, std::memory_order_relaxed);
}

}  // namespace fairlead::pool
