// Which server a key belongs to, by consistent hashing: every worker, every restart and every other Fairlead with the
// same servers says the same.
//
// Made once per pool and generation of the configuration, from the servers as configured. Which of them may serve at a
// moment is the balancer's business (hash.cc), so that no table is made anew when a server goes down or warms up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pool/hash_options.h"

namespace fairlead::pool {

// A server that keys may belong to.
struct KeyPlace {
  std::uint64_t id = 0;      // a hash of its name: its order in the list does not matter
  std::uint32_t weight = 1;  // above 0
  std::uint32_t member = 0;  // what the map answers
};

// Immutable; any thread.
class KeyMap {
 public:
  virtual ~KeyMap() = default;
  // The member whose key this is; `hash` is even over 64 bits. A key's next choices are those of other hashes made from
  // it.
  virtual std::uint32_t at(std::uint64_t hash) const = 0;
};

// Linear in the number of entries or points; null where there are no places.
std::unique_ptr<const KeyMap> make_key_map(HashTable table, std::vector<KeyPlace> places);

// The methods. `places` is not empty.

// Source: Eisenbud et al., "Maglev: a fast and reliable software network load balancer" (NSDI 2016), 3.4. `entries` is
// a prime, at least the number of places.
std::unique_ptr<const KeyMap> make_maglev(std::span<const KeyPlace> places, std::size_t entries);
inline constexpr std::size_t kMaglevEntries = 65'537;
// The first that has this many entries for each place is taken; else the last.
inline constexpr std::array<std::size_t, 3> kMaglevSizes{kMaglevEntries, 655'373, 6'553'621};
inline constexpr std::size_t kMaglevEntriesPerPlace = 65;

// Source: Karger et al., "Consistent hashing and random trees" (1997), with this many points per place of weight 100.
std::unique_ptr<const KeyMap> make_ring(std::span<const KeyPlace> places);
inline constexpr std::size_t kRingPoints = 256;

// Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998), weighted. Looks at every
// place for every key, so it is for few.
std::unique_ptr<const KeyMap> make_rendezvous(std::vector<KeyPlace> places);
inline constexpr std::size_t kRendezvousPlaces = 32;

}  // namespace fairlead::pool
