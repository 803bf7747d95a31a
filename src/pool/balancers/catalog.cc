#include "pool/balancers/catalog.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace fairlead::pool {

// Each is defined in the file of its name; those of the hash family in hash.cc.
extern constinit const BalancerType first;
extern constinit const BalancerType hash;
extern constinit const BalancerType ip_hash;
extern constinit const BalancerType least_requests;
extern constinit const BalancerType peak_ewma;
extern constinit const BalancerType prequal;
extern constinit const BalancerType round_robin;
extern constinit const BalancerType p2c;
extern constinit const BalancerType source;
extern constinit const BalancerType weighted_random;

namespace {

constexpr std::array kCatalog{&least_requests,  &peak_ewma, &prequal, &p2c,     &round_robin,
                              &weighted_random, &first,     &hash,    &ip_hash, &source};

}  // namespace

std::span<const BalancerType* const> balancer_catalog() { return kCatalog; }

const BalancerType& balancer_type(Algorithm algorithm) {
  const auto entry = std::ranges::find(kCatalog, algorithm, &BalancerType::algorithm);
  FAIRLEAD_ASSERT(entry != kCatalog.end());
  return **entry;
}

}  // namespace fairlead::pool
