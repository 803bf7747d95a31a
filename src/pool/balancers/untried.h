// The last way to a server, where every draw fell on one that was tried before or would not do.
#pragma once

#include <cstddef>
#include <span>

#include "pool/balancer.h"

namespace fairlead::pool {

// The first server from `start` on that was not tried, or null. Linear in the number that were tried.
inline Server* first_untried(std::span<const Candidate> eligible, const PickRequest& request, std::size_t start) {
  for (std::size_t step = 0; step < eligible.size(); ++step) {
    Server* server = eligible[(start + step) % eligible.size()].server;
    if (!request.tried.contains(*server)) return server;
  }
  return nullptr;
}

}  // namespace fairlead::pool
