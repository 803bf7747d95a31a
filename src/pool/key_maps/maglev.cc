// Maglev hashing: a table in which every server has entries in exact proportion to its weight.
//
// One look-up, whatever the number of servers. When the list of servers changes, some keys that would not have to move
// do: with 65,537 entries at most one in a hundred.

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "pool/key_maps/key_map.h"

namespace fairlead::pool {
namespace {

class Maglev final : public KeyMap {
 public:
  explicit Maglev(std::vector<std::uint32_t> table) : table_(std::move(table)) {}
  std::uint32_t at(std::uint64_t hash) const override { return table_[hash % table_.size()]; }

 private:
  std::vector<std::uint32_t> table_;
};

// How many entries each place gets: its share rounded down, at least one; then one more each, the largest remainders
// first, until all are given away.
std::vector<std::size_t> quotas(std::span<const KeyPlace> places, std::size_t entries) {
  std::uint64_t total = 0;
  for (const KeyPlace& place : places) total += place.weight;
  FAIRLEAD_ASSERT(total > 0);
  std::vector<std::size_t> quotas;
  std::vector<std::size_t> order;
  std::size_t given = 0;
  for (const KeyPlace& place : places) {
    order.push_back(quotas.size());
    quotas.push_back(std::max<std::size_t>(entries * place.weight / total, 1));
    given += quotas.back();
  }
  const auto remainder = [&](std::size_t index) { return entries * places[index].weight % total; };
  std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
    const std::uint64_t before = remainder(left);
    const std::uint64_t after = remainder(right);
    return before != after ? before > after : left < right;
  });
  for (std::size_t next = 0; given < entries; ++given, next = (next + 1) % order.size()) ++quotas[order[next]];
  // So many tiny weights that one entry each is more than their share: the largest gives way.
  for (; given > entries; --given) --*std::ranges::max_element(quotas);
  return quotas;
}

// A place that still wants entries. It would like to have them in the order of a walk through all of the table, which
// gets everywhere since the number of entries is prime.
struct Claim {
  std::uint32_t member;
  std::size_t left;
  std::size_t next;
  std::size_t step;
};

}  // namespace

std::unique_ptr<const KeyMap> make_maglev(std::span<const KeyPlace> places, std::size_t entries) {
  constexpr std::uint32_t kFree = ~std::uint32_t{0};
  FAIRLEAD_ASSERT(!places.empty() && places.size() <= entries && entries > 1);
  const std::vector<std::size_t> shares = quotas(places, entries);
  std::vector<Claim> claims;
  for (std::size_t index = 0; index < places.size(); ++index) {
    const KeyPlace& place = places[index];
    claims.push_back({place.member, shares[index], mix(place.id) % entries, mix(place.id, 1) % (entries - 1) + 1});
  }
  std::vector<std::uint32_t> table(entries, kFree);
  // In turns, each takes the first entry of its walk that is still free.
  while (!claims.empty()) {
    for (Claim& claim : claims) {
      while (table[claim.next] != kFree) {
        claim.next += claim.step;
        if (claim.next >= entries) claim.next -= entries;
      }
      table[claim.next] = claim.member;
      --claim.left;
    }
    std::erase_if(claims, [](const Claim& claim) { return claim.left == 0; });
  }
  return std::make_unique<Maglev>(std::move(table));
}

}  // namespace fairlead::pool
