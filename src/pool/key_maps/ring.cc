// Ring hashing: each server owns the arcs that end in its points on a circle.
//
// When the list of servers changes, only the keys of the changed server move. Shares are uneven: the fullest server
// gets about a sixth more than its share, which `bounded_load` evens out.

#include <algorithm>

#include "base/hash.h"
#include "pool/key_maps/key_map.h"

namespace fairlead::pool {
namespace {

struct Point {
  std::uint64_t at;
  std::uint32_t member;
};

class Ring final : public KeyMap {
 public:
  explicit Ring(std::vector<Point> points) : points_(std::move(points)) {}

  std::uint32_t at(std::uint64_t hash) const override {
    const auto point = std::ranges::lower_bound(points_, hash, {}, &Point::at);
    return point == points_.end() ? points_.front().member : point->member;
  }

 private:
  std::vector<Point> points_;  // in order around the circle
};

// Points per unit of weight must not depend on the other places, or all points would move with every one of them: for a
// weight of 100 there are kRingPoints.
std::size_t points_of(const KeyPlace& place) {
  constexpr std::uint64_t kNormalWeight = 100;
  return std::max<std::size_t>(kRingPoints * place.weight / kNormalWeight, 1);
}

}  // namespace

std::unique_ptr<const KeyMap> make_ring(std::span<const KeyPlace> places) {
  std::vector<Point> points;
  for (const KeyPlace& place : places) {
    for (std::size_t index = 0; index < points_of(place); ++index)
      points.push_back({mix(place.id, index), place.member});
  }
  std::ranges::sort(points, {}, &Point::at);
  return std::make_unique<Ring>(std::move(points));
}

}  // namespace fairlead::pool
