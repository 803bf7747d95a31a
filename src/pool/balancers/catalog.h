// Every balancing algorithm there is.
#pragma once

#include <span>

#include "pool/balancer.h"

namespace fairlead::pool {

// In the order in which the reference lists them.
std::span<const BalancerType* const> balancer_catalog();

// The entry of `algorithm`; each has one.
const BalancerType& balancer_type(Algorithm algorithm);

}  // namespace fairlead::pool
