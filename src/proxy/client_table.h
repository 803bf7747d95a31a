// How many connections each client address has open, counted over all workers without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/ip_range.h"

namespace fairlead::proxy {

// A fixed table of counters, found by a keyed hash. IPv6 addresses count by their /64, which is what one subscriber
// has.
//
// Near enough, on purpose: two clients are taken for one with a chance of about 1 in 10^9, a client that opens its
// first connections on several workers in the same moment may get a second counter, and one that finds no free counter
// near its place (the table has twice the room it needs) is let in uncounted. Any thread may call anything.
class ClientTable {
 public:
  // The counter of one client, which holds one of its connections. Outlives nothing: the table outlives it.
  using Counter = std::atomic<std::uint64_t>;

  // Room for `connections` clients at once. `seed` keeps clients from choosing who they share a place with.
  ClientTable(std::size_t connections, std::uint64_t seed);

  struct Entry {
    bool is_admitted = false;
    Counter* counter = nullptr;  // for `leave`; null where the connection is not counted
  };
  // One connection more, unless the client has `limit` already.
  Entry enter(const net::IpAddress& client, std::uint32_t limit);
  static void leave(Counter& counter) { counter.fetch_sub(1, std::memory_order_relaxed); }

 private:
  // A counter holds a mark of its client above and the count below. A count of 0 is free for any client.
  static constexpr unsigned kCountBits = 32;
  static constexpr std::size_t kBucket = 8;  // counters in a cache line
  static constexpr std::size_t kReach = 4;   // buckets that a client may be in

  struct alignas(64) Bucket {
    std::array<Counter, kBucket> counters{};
  };

  std::uint64_t hash(const net::IpAddress& client) const;

  std::size_t buckets_;  // a power of two
  std::uint64_t seed_;
  std::unique_ptr<Bucket[]> table_;
};

}  // namespace fairlead::proxy
