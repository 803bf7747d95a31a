// The servers that one choice compares, and the rule that finds the least loaded of them.
//
// Small pools are compared as a whole. Of larger ones kDraws servers are drawn by weight, which costs about the same
// for 40 and for 10,000; docs/decisions/0007-least-requests.md has the measurements behind both numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "pool/balancer.h"
#include "pool/balancers/alias_table.h"

namespace fairlead::pool {

// A server as this request sees it: its counters move on meanwhile.
struct Seen {
  Server* server;
  double in_flight;
  double speed;   // what a request in flight weighs less on a larger or faster server
  double chance;  // in the draw among equals
};

// Not thread-safe; one per balancer.
class LoadSample {
 public:
  static constexpr std::size_t kScanLimit = 32;
  static constexpr std::size_t kDraws = 12;

  void update(std::span<const Candidate> eligible);
  // Servers that were not tried, at least one where there is one. The speed of each is its weight. The chance is its
  // weight too, or 1 where it was drawn by weight already. Valid until the next call.
  std::span<Seen> take(const PickRequest& request, Random& random);

 private:
  std::vector<Candidate> eligible_;
  AliasTable table_;
  std::array<Seen, kScanLimit> seen_{};
};

// With the load of a server = requests in flight / speed, a server qualifies while its load is below the smallest load
// that any server would have after one more request. Of those that qualify, one is drawn by chance. Equal servers are
// so filled evenly, ties are broken at random, and idle servers get shares that follow their weights; picking the
// smallest load alone would send every second request to the smallest server. `seen` is not empty.
Server* least_loaded(std::span<const Seen> seen, Random& random);

}  // namespace fairlead::pool
