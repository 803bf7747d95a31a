// How long a server takes to begin its answers, by how many requests it has in flight: what one more may expect.
//
// Shared by all workers. Only kept for pools whose algorithm asks for it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

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
  Estimate at(std::uint32_t in_flight, TimePoint now) const;

  // A good answer began after `wait`, with `in_flight` others. The estimate follows the median: an odd one moves it no
  // further than any other.
  void record_answer(std::uint32_t in_flight, Duration wait, TimePoint now);
  // It took `wait` at least, or its answer says little of its work: never lowers the estimate.
  void record_at_least(std::uint32_t in_flight, Duration wait, TimePoint now);
  // It failed after `wait`. However fast that was, the server counts as slower.
  void record_failure(std::uint32_t in_flight, Duration wait, TimePoint now);
  void forget();

 private:
  static constexpr std::size_t kClasses = 8;  // 0, 1, 2 and 3, 4 to 7, …, 64 and more

  // One word. The instant is in sixteenths of a second and wraps after 68 minutes, which makes an old estimate young.
  struct Sample {
    std::uint32_t position = 0;  // on the scale; 0: none
    std::uint32_t instant = 0;
  };
  static Sample unpack(std::uint32_t word) { return {word >> 16, word & 0xFFFF}; }
  static std::uint32_t faded(Sample sample, TimePoint now);
  std::atomic<std::uint32_t>& class_of(std::uint32_t in_flight);
  static void follow(std::atomic<std::uint32_t>& word, std::uint32_t position, TimePoint now);

  std::array<std::atomic<std::uint32_t>, kClasses> classes_{};
};

}  // namespace fairlead::pool
