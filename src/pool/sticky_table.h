// Which server has which session: learned from traffic, bounded, and forgotten when it is not used.
//
// Shared by all workers and generations of a pool, without a lock. A set of slots is searched for each key; where all
// are taken, the one that was used least recently goes. Two workers that write to one slot at one moment may lose an
// entry: that session is learned again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.h"

namespace fairlead::pool {

class StickyTable {
 public:
  // Sessions that are remembered at most; 16 bytes each.
  static constexpr std::size_t kEntries = std::size_t{1} << 17;

  StickyTable() : sets_(std::make_unique<Set[]>(kSets)) {}

  // The server that `remember` was told last, if that or the last `find` is less than `ttl` ago. Ids below 2^40.
  std::optional<std::uint64_t> find(std::uint64_t key, Duration ttl, TimePoint now);
  void remember(std::uint64_t key, std::uint64_t server, TimePoint now);

  static constexpr std::uint64_t kIdMask = (std::uint64_t{1} << 40) - 1;

 private:
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kSets = kEntries / kWays;
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t kBusy = 1;  // its value is being written

  struct Slot {
    std::atomic<std::uint64_t> key{kEmpty};
    std::atomic<std::uint64_t> value{0};  // the server's id, and the second of the last use in 24 bits
  };
  using Set = std::array<Slot, kWays>;

  static std::uint64_t usable(std::uint64_t key) { return key > kBusy ? key : key + 2; }
  static std::uint64_t value_of(std::uint64_t server, TimePoint now);
  static std::int64_t age(std::uint64_t value, TimePoint now);
  Set& set_of(std::uint64_t key) { return sets_[key % kSets]; }

  std::unique_ptr<Set[]> sets_;
};

}  // namespace fairlead::pool
