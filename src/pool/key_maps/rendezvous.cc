// Rendezvous hashing: every server draws a lot for the key, and the best lot wins.
//
// Even shares and no needless moves, at the price of a look at every server for every request.

#include <cmath>
#include <limits>

#include "base/hash.h"
#include "pool/key_maps/key_map.h"

namespace fairlead::pool {
namespace {

class Rendezvous final : public KeyMap {
 public:
  explicit Rendezvous(std::vector<KeyPlace> places) : places_(std::move(places)) {}

  std::uint32_t at(std::uint64_t hash) const override {
    std::uint32_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (const KeyPlace& place : places_) {
      // Of waits with rates in proportion to the weights, each is the shortest with a probability in that proportion.
      const double lot = (static_cast<double>(mix(hash, place.id) >> 11) + 0.5) * 0x1.0p-53;
      const double wait = -std::log(lot) / place.weight;
      if (wait < least) {
        least = wait;
        best = place.member;
      }
    }
    return best;
  }

 private:
  std::vector<KeyPlace> places_;
};

}  // namespace

std::unique_ptr<const KeyMap> make_rendezvous(std::vector<KeyPlace> places) {
  return std::make_unique<Rendezvous>(std::move(places));
}

}  // namespace fairlead::pool
