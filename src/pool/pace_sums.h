// How long a server took to begin its answers: running sums of all workers, from which the control thread has the mean
// and the spread over any stretch of time.
//
// On a logarithmic scale. There one answer that took very long moves the mean little, and a server that is five times
// slower than the others stands as far from them whether they take 1 ms or 1 s.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/time.h"

namespace fairlead::pool {

// Any thread. Sums wrap; differences of two readings hold for up to 2^24 answers in between.
class PaceSums {
 public:
  // Steps of the scale in which a time doubles; within an octave the scale is linear.
  static constexpr std::uint64_t kOctave = 16;

  // The sums at one moment, or their growth from one moment to another.
  struct Reading {
    std::uint64_t count_and_positions = 0;
    std::uint64_t squares = 0;

    Reading operator-(const Reading& earlier) const {
      return {count_and_positions - earlier.count_and_positions, squares - earlier.squares};
    }
    std::uint64_t count() const { return count_and_positions >> kCountShift; }
    std::uint64_t positions() const { return count_and_positions & ((std::uint64_t{1} << kCountShift) - 1); }
  };

  // An answer that began after `wait`.
  void record(Duration wait) {
    const std::uint64_t position = position_of(wait);
    // One word for both, so that a mean is never taken of a sum and another sum's count.
    count_and_positions_.fetch_add((std::uint64_t{1} << kCountShift) + position, std::memory_order_relaxed);
    squares_.fetch_add(position * position, std::memory_order_relaxed);
  }
  Reading read() const {
    return {count_and_positions_.load(std::memory_order_relaxed), squares_.load(std::memory_order_relaxed)};
  }

  // The step of the scale that a time falls on, and the time in the middle of a step.
  static std::uint64_t position_of(Duration wait) {
    const std::uint64_t ns = static_cast<std::uint64_t>(std::max(wait, kShortest).count());
    const auto octave = static_cast<unsigned>(std::bit_width(ns) - 1);
    return kOctave * octave + ((ns >> (octave - kStepBits)) & (kOctave - 1));
  }
  static Duration time_at(double position) {
    const auto octave = static_cast<unsigned>(position) / kOctave;
    const double within = (position + 0.5) / kOctave - static_cast<double>(octave);
    return Duration(static_cast<Duration::rep>(static_cast<double>(std::uint64_t{1} << octave) * (1 + within)));
  }

 private:
  static constexpr unsigned kStepBits = 4;  // of kOctave
  static constexpr unsigned kCountShift = 40;
  static constexpr Duration kShortest = std::chrono::microseconds(1);

  std::atomic<std::uint64_t> count_and_positions_{0};
  std::atomic<std::uint64_t> squares_{0};
};

}  // namespace fairlead::pool
