#include "proxy/client_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fairlead::proxy {

namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood, 2014): each bit of the input moves each bit of the output.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EB;
  return value ^ (value >> 31U);
}

std::size_t buckets_for(std::size_t counters) {
  constexpr std::size_t kLargest = std::size_t{1} << 15U;  // 2 MiB
  return std::clamp<std::size_t>(std::bit_ceil(counters), 4, kLargest);
}

}  // namespace

ClientTable::ClientTable(std::size_t connections, std::uint64_t seed)
    : buckets_(buckets_for(2 * connections / kBucket)), seed_(seed), table_(std::make_unique<Bucket[]>(buckets_)) {}

std::uint64_t ClientTable::hash(const net::IpAddress& client) const {
  std::uint64_t network = 0;
  std::uint64_t host = 0;
  std::memcpy(&network, client.bytes().data(), sizeof network);
  std::memcpy(&host, client.bytes().data() + sizeof network, sizeof host);
  // Behind one /64 is one subscriber; an IPv4 address is in the lower half.
  return mix(mix(network ^ seed_) ^ (client.is_v4() ? host : 0));
}

ClientTable::Entry ClientTable::enter(const net::IpAddress& client, std::uint32_t limit) {
  constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
  const std::uint64_t key = hash(client);
  const std::uint64_t mark = key & ~kCountMask;
  const std::size_t home = key & (buckets_ - 1);
  Counter* vacant = nullptr;
  for (std::size_t step = 0; step < kReach; ++step) {
    for (Counter& counter : table_[(home + step) & (buckets_ - 1)].counters) {
      std::uint64_t value = counter.load(std::memory_order_relaxed);
      // Others move the count meanwhile, or take the counter once it is free.
      while ((value & kCountMask) != 0 && (value & ~kCountMask) == mark) {
        if ((value & kCountMask) >= limit) return {};
        if (counter.compare_exchange_weak(value, value + 1, std::memory_order_relaxed)) return {true, &counter};
      }
      if ((value & kCountMask) == 0 && vacant == nullptr) vacant = &counter;
    }
  }
  if (limit == 0) return {};
  if (vacant == nullptr) return {true, nullptr};
  std::uint64_t value = vacant->load(std::memory_order_relaxed);
  const bool is_taken =
      (value & kCountMask) == 0 && vacant->compare_exchange_strong(value, mark | 1U, std::memory_order_relaxed);
  // Lost to another worker: it may be the same client there.
  return is_taken ? Entry{true, vacant} : enter(client, limit);
}

}  // namespace fairlead::proxy
