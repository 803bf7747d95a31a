// How long a server takes to begin its answers, by how many requests it has in flight: what one more may expect.
//
// Shared by all workers. Only kept for pools whose algorithm asks for it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/time.h"
#include "pool/pace_sums.h"

namespace fairlead::pool {

// Estimates on the scale of PaceSums, one per power of two of the requests in flight. Any thread; of workers that
// report at one moment, all but one sample may be lost.
class LoadLatency {
 public:
  // An estimate that nobody renews halves in this time, so that a server that was slow is asked again.
  static constexpr Duration kHalfLife = std::chrono::seconds(5);

  // 0: nothing is known.
  struct Estimate {
    std::uint32_t measured = 0;
    std::uint32_t faded = 0;  // what is left of it by now
  };
  // With so many in flight; where that never was, with as many as are nearest.
  Estimate at(std::uint32_t in_flight, TimePoint now) const {
    const std::uint32_t known = known_.load(std::memory_order_relaxed);
    if (known == 0) return {};
    const Sample sample = unpack(classes_[nearest(known, index_of(in_flight))].load(std::memory_order_relaxed));
    return {.measured = sample.position, .faded = faded(sample, now)};
  }

  // A good answer began after `wait`, with `in_flight` others. The estimate follows the median: an odd one moves it no
  // further than any other.
  void record_answer(std::uint32_t in_flight, Duration wait, TimePoint now);
  // It took `wait` at least, or its answer says little of its work: never lowers the estimate.
  void record_at_least(std::uint32_t in_flight, Duration wait, TimePoint now);
  // It failed after `wait`. However fast that was, the server counts as slower.
  void record_failure(std::uint32_t in_flight, Duration wait, TimePoint now);
  void forget();

 private:
  static constexpr std::uint32_t kClasses = 8;  // 0, 1, 2 and 3, 4 to 7, …, 64 and more

  // One word. The instant is in sixteenths of a second and wraps after 68 minutes, which makes an old estimate young.
  struct Sample {
    std::uint32_t position = 0;  // on the scale; 0: none
    std::uint32_t instant = 0;
  };
  static Sample unpack(std::uint32_t word) { return {word >> 16, word & 0xFFFF}; }
  static constexpr Duration kTick = std::chrono::microseconds(62'500);

  static std::uint32_t instant_of(TimePoint now) {
    return static_cast<std::uint32_t>(now.time_since_epoch() / kTick) & 0xFFFF;
  }
  static std::uint32_t faded(Sample sample, TimePoint now) {
    constexpr auto kTicksOfHalfLife = static_cast<std::uint32_t>(kHalfLife / kTick);
    const std::uint32_t age = (instant_of(now) - sample.instant) & 0xFFFF;
    const auto steps = age * static_cast<std::uint32_t>(PaceSums::kOctave) / kTicksOfHalfLife;
    return sample.position - std::min(sample.position, steps);
  }
  static std::uint32_t index_of(std::uint32_t in_flight) {
    return std::min(static_cast<std::uint32_t>(std::bit_width(in_flight)), kClasses - 1);
  }
  // Of the classes that are `known`, at least one, the next below or above; of two, the one below.
  static std::uint32_t nearest(std::uint32_t known, std::uint32_t own) {
    const std::uint32_t above = known >> own;
    const std::uint32_t below = known & ((2U << own) - 1);
    if (below == 0) return own + static_cast<std::uint32_t>(std::countr_zero(above));
    const std::uint32_t lower = static_cast<std::uint32_t>(std::bit_width(below)) - 1;
    const std::uint32_t upper = own + static_cast<std::uint32_t>(std::countr_zero(above));
    return above != 0 && upper - own < own - lower ? upper : lower;
  }
  void follow(std::uint32_t index, std::uint32_t position, TimePoint now);
  void store(std::uint32_t index, std::uint32_t position, TimePoint now);

  std::array<std::atomic<std::uint32_t>, kClasses> classes_{};
  std::atomic<std::uint32_t> known_{0};  // a bit for each class of which something is known
};

}  // namespace fairlead::pool
