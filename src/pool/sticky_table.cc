#include "pool/sticky_table.h"

#include <chrono>

namespace fairlead::pool {
namespace {

constexpr unsigned kTimeBits = 24;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;

std::uint64_t second_of(TimePoint now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  return static_cast<std::uint64_t>(seconds) & kTimeMask;
}

}  // namespace

std::uint64_t StickyTable::value_of(std::uint64_t server, TimePoint now) {
  return (server & kIdMask) << kTimeBits | second_of(now);
}

// In seconds; another worker's clock may be a little ahead.
std::int64_t StickyTable::age(std::uint64_t value, TimePoint now) {
  const std::uint64_t passed = (second_of(now) - value) & kTimeMask;
  return passed > kTimeMask / 2 ? 0 : static_cast<std::int64_t>(passed);
}

std::optional<std::uint64_t> StickyTable::find(std::uint64_t key, Duration ttl, TimePoint now) {
  key = usable(key);
  for (Slot& slot : set_of(key)) {
    if (slot.key.load(std::memory_order_acquire) != key) continue;
    std::uint64_t value = slot.value.load(std::memory_order_acquire);
    // The value belongs to the key only if that is still there.
    if (slot.key.load(std::memory_order_relaxed) != key) return std::nullopt;
    if (std::chrono::seconds(age(value, now)) >= ttl) return std::nullopt;
    const std::uint64_t used = value_of(value >> kTimeBits, now);
    if (used != value) slot.value.compare_exchange_strong(value, used, std::memory_order_acq_rel);
    return value >> kTimeBits;
  }
  return std::nullopt;
}

void StickyTable::remember(std::uint64_t key, std::uint64_t server, TimePoint now) {
  key = usable(key);
  Slot* oldest = nullptr;
  std::uint64_t replaced = kEmpty;
  std::int64_t most = -1;
  for (Slot& slot : set_of(key)) {
    const std::uint64_t held = slot.key.load(std::memory_order_acquire);
    if (held == key) {
      slot.value.store(value_of(server, now), std::memory_order_release);
      return;
    }
    const std::int64_t unused = held == kEmpty ? static_cast<std::int64_t>(kTimeMask) + 1
                                               : age(slot.value.load(std::memory_order_relaxed), now);
    if (held == kBusy || unused <= most) continue;
    oldest = &slot;
    replaced = held;
    most = unused;
  }
  if (oldest == nullptr || !oldest->key.compare_exchange_strong(replaced, kBusy, std::memory_order_acq_rel)) return;
  oldest->value.store(value_of(server, now), std::memory_order_release);
  oldest->key.store(key, std::memory_order_release);
}

}  // namespace fairlead::pool
