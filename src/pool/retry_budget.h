// How much retrying a pool can bear: a share of its recent requests, so that an outage is not amplified.
//
// Only counts; what may be retried at all is the exchange's business.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "base/units.h"

namespace fairlead::pool {

// Shared by all workers; atomics only. Requests and retries are counted in slots of a second, and the last ten
// slots count. A slot that is taken over by a new second may lose a few counts of other threads: the budget bounds
// a load, it keeps no books.
class RetryBudget {
 public:
  // Retries allowed in the window whatever the traffic, so that a quiet pool can retry at all.
  static constexpr std::uint32_t kMinimum = 10;

  explicit RetryBudget(std::uint32_t minimum = kMinimum) : minimum_(minimum) {}

  // Counts a request (first tries only).
  void record_request(TimePoint now);
  // Takes one retry from the budget; false where `share` of the window's requests and the minimum are used up.
  bool try_spend(Share share, TimePoint now);

 private:
  static constexpr std::int64_t kSlots = 10;
  struct Slot {
    std::atomic<std::int64_t> second{-1};
    std::atomic<std::uint32_t> requests{0};
    std::atomic<std::uint32_t> retries{0};
  };

  Slot& slot_at(std::int64_t second);

  alignas(64) std::array<Slot, kSlots> slots_;
  std::uint32_t minimum_;
};

}  // namespace fairlead::pool
