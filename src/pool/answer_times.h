// How long the servers of a pool take to begin their answers: the 95th percentile of the last thousand or two.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace fairlead::pool {

// One per worker and pool; not thread-safe. Counts in buckets that are each an eighth of a power of two wide, so that
// the percentile is at most an eighth too high; recording costs one increment and, now and then, a walk over them.
class AnswerTimes {
 public:
  // Fewer answers say nothing of their slowest twentieth.
  static constexpr std::uint32_t kEnough = 64;

  // An answer began after `wait`, or had not begun yet when it was given up.
  void record(Duration wait);
  // As of the last few answers; empty: too few are known.
  std::optional<Duration> p95() const { return p95_; }

 private:
  static constexpr std::size_t kSteps = 8;      // per power of two
  static constexpr std::size_t kPowers = 27;    // of a microsecond: up to two minutes
  static constexpr std::uint32_t kMost = 2048;  // then all counts are halved
  static constexpr std::uint32_t kEvery = 64;   // answers between two walks

  static std::size_t bucket_of(Duration wait);
  static Duration end_of(std::size_t bucket);
  void halve();
  void find_p95();

  std::array<std::uint32_t, kSteps * kPowers> counts_{};
  std::uint32_t total_ = 0;
  std::uint32_t unseen_ = 0;
  std::optional<Duration> p95_;
};

}  // namespace fairlead::pool
