// A pool under load in virtual time: arrivals, servers with service times, clients that give up. The choice of server
// is made, and learns, by the code of the data plane (pool::PoolView); the network and the health checks are left out.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "pool/options.h"

namespace fairlead::sim {

// What a server makes of one request.
struct Reply {
  Duration after{};
  int status = 200;
};

struct LoadModel {
  pool::PoolOptions options;  // the servers are those of `servers`
  std::size_t servers = 1;
  double per_second = 1;
  Duration length = std::chrono::minutes(1);
  Duration patience = std::chrono::seconds(1);  // of clients
  std::uint64_t seed = 1;
  // The reply of a server to a request that begins `since_start`, with so many others in flight on it.
  std::function<Reply(std::size_t server, Duration since_start, std::uint32_t in_flight, Random& random)> serve;
};

struct LoadOutcome {
  std::uint64_t requests = 0;
  std::uint64_t succeeded = 0;  // a status below 500, in time
  std::vector<std::uint64_t> per_server;
  std::vector<Duration> waits;  // of all requests, sorted

  double success_rate() const { return static_cast<double>(succeeded) / static_cast<double>(requests); }
  Duration percentile(double share) const {
    return waits[static_cast<std::size_t>(share * static_cast<double>(waits.size() - 1))];
  }
};

// Runs until every request has ended. Arrivals are random (a Poisson process).
LoadOutcome run(const LoadModel& model);

}  // namespace fairlead::sim
