#include "telemetry/log_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace fairlead::telemetry {

LogRing::LogRing(std::size_t capacity) : capacity_(capacity), bytes_(std::make_unique<char[]>(capacity)) {
  FAIRLEAD_ASSERT(std::has_single_bit(capacity));
}

bool LogRing::push(std::string_view line) {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  // The consumer moves its head once a batch, so that this load rarely leaves our cache.
  if (tail + line.size() - head_.load(std::memory_order_acquire) > capacity_) {
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return false;
  }
  const std::size_t start = tail & (capacity_ - 1);
  const std::size_t first = std::min(line.size(), capacity_ - start);
  std::memcpy(bytes_.get() + start, line.data(), first);
  std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
  tail_.store(tail + line.size(), std::memory_order_release);
  return true;
}

std::size_t LogRing::used() const {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  return tail_.load(std::memory_order_relaxed) - head;
}

std::array<std::span<const char>, 2> LogRing::readable() const {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::size_t size = tail_.load(std::memory_order_acquire) - head;
  const std::size_t start = head & (capacity_ - 1);
  const std::size_t first = std::min(size, capacity_ - start);
  return {std::span(bytes_.get() + start, first), std::span(bytes_.get(), size - first)};
}

void LogRing::consume(std::size_t bytes) {
  head_.store(head_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

}  // namespace fairlead::telemetry
