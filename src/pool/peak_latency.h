// How long a server takes to begin its answers, as of late: peaks count at once, and fade with time.
//
// Shared by all workers. Source: the peak-EWMA of Finagle ("Beyond Round Robin: Load Balancing for Latency", Linkerd,
// 2016). Ours differs where a failure is concerned: it makes the server slower in our eyes, however fast it failed.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace fairlead::pool {

// One atomic word, so that the estimate and its age always belong together. Any thread; no call waits or loops for
// long: where several workers report at one moment, some of their samples are dropped.
class PeakLatency {
 public:
  // What was measured loses half of its meaning in this time, unless it is measured again.
  static constexpr Duration kHalfLife = std::chrono::seconds(5);
  // A failure counts as this many times the estimate, within these bounds, or as the time it took if that is longer.
  static constexpr std::uint64_t kFailureFactor = 4;
  static constexpr Duration kLeastFailure = std::chrono::milliseconds(100);
  static constexpr Duration kMostFailure = std::chrono::seconds(10);

  // In units of kUnit, at most 2^32 - 1 of them (over four minutes); 0: nothing is known.
  struct Estimate {
    std::uint32_t measured = 0;  // as it was when it was last measured
    std::uint32_t faded = 0;     // what is left of it by now
  };
  static constexpr Duration kUnit = std::chrono::nanoseconds(64);

  Estimate at(TimePoint now) const { return faded(unpack(word_.load(std::memory_order_relaxed)), now); }

  // A good answer that began after `wait`: raises the estimate at once, or lowers it by and by.
  void record_answer(Duration wait, TimePoint now);
  // It took `wait` at least, or its answer says little of its work: raises the estimate, never lowers it.
  void record_at_least(Duration wait, TimePoint now);
  // It failed after `wait`.
  void record_failure(Duration wait, TimePoint now);
  void forget() { word_.store(0, std::memory_order_relaxed); }

 private:
  // The instant is in ticks of about a millisecond and wraps after 52 days, which makes an old estimate young again.
  struct Sample {
    std::uint32_t latency;
    std::uint32_t instant;
  };
  static Sample unpack(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
  }
  static Estimate faded(Sample sample, TimePoint now);
  // Measures anew: `next` gives the latency, or nothing to leave the estimate as it is.
  template <typename Next>
  void update(TimePoint now, Next next);

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace fairlead::pool
