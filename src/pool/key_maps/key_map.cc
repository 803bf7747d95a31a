#include "pool/key_maps/key_map.h"

#include <algorithm>

namespace fairlead::pool {

std::unique_ptr<const KeyMap> make_key_map(HashTable table, std::vector<KeyPlace> places) {
  if (places.empty()) return nullptr;
  std::ranges::sort(places, {}, &KeyPlace::id);
  switch (table) {
    case HashTable::ring:
      return make_ring(places);
    case HashTable::rendezvous:
      return make_rendezvous(std::move(places));
    case HashTable::maglev:
      break;
  }
  const std::size_t wanted = places.size() * kMaglevEntriesPerPlace;
  const auto entries = std::ranges::lower_bound(kMaglevSizes, wanted);
  return make_maglev(places, entries == kMaglevSizes.end() ? kMaglevSizes.back() : *entries);
}

}  // namespace fairlead::pool
