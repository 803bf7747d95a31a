// Who may serve at a moment: the best tier of a pool's servers, and of it those that are near.
//
// Of load it knows what a ZoneWatch says. A pool whose servers are all full is the business of PoolView, which then
// asks the others.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "pool/balancer.h"
#include "pool/pool.h"

namespace fairlead::pool {

// From the best that a pool can offer to the least bad.
enum class Tier : std::uint8_t { primary, backup, last_resort };

// While as much of the near servers' weight serves, they serve all requests; of what is missing, others get a share
// that grows until, with no near server left, they serve all. As Envoy's `overprovisioning_factor` of 1.4.
inline constexpr double kNearIsEnough = 1 / 1.4;

// Fills `eligible` with the servers of the best tier that has one, at most as many as the pool's `subset` says, and
// returns the tier. A weight of 0 takes no requests in any tier. Of primaries that are far the weights are reduced.
std::optional<Tier> gather(const Pool& pool, TimePoint now, std::vector<Candidate>& eligible);

}  // namespace fairlead::pool
