#include "pool/retry_budget.h"

namespace fairlead::pool {

RetryBudget::Slot& RetryBudget::slot_at(std::int64_t second) {
  Slot& slot = slots_[static_cast<std::size_t>(second % kSlots)];
  std::int64_t held = slot.second.load(std::memory_order_relaxed);
  if (held < second && slot.second.compare_exchange_strong(held, second, std::memory_order_relaxed)) {
    slot.requests.store(0, std::memory_order_relaxed);
    slot.retries.store(0, std::memory_order_relaxed);
  }
  return slot;
}

void RetryBudget::record_request(TimePoint now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  slot_at(second).requests.fetch_add(1, std::memory_order_relaxed);
}

bool RetryBudget::try_spend(Share share, TimePoint now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  // Spend first, then look: threads that retry at the same moment see one another.
  Slot& current = slot_at(second);
  current.retries.fetch_add(1, std::memory_order_relaxed);

  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  for (const Slot& slot : slots_) {
    if (slot.second.load(std::memory_order_relaxed) <= second - kSlots) continue;
    requests += slot.requests.load(std::memory_order_relaxed);
    retries += slot.retries.load(std::memory_order_relaxed);
  }
  const double allowed = static_cast<double>(minimum_) + share.fraction * static_cast<double>(requests);
  if (static_cast<double>(retries) <= allowed) return true;
  current.retries.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace fairlead::pool
