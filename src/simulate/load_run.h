// A pool under load in virtual time. The choice of server, the permits, the waiting line, retries and their budget,
// health checks and ejection are the code of the data plane; only clients, servers and the network are made up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "pool/options.h"
#include "proxy/options.h"
#include "simulate/arrivals.h"
#include "simulate/backend.h"
#include "simulate/server_farm.h"

namespace fairlead::simulate {

struct LoadModel {
  pool::PoolOptions options;  // with the servers; their addresses are not used
  std::string zone;           // where this Fairlead stands
  proxy::RetryOptions retry;
  proxy::RouteTimeouts timeouts;
  Traffic traffic;
  Window measured{.until = std::chrono::minutes(1)};  // requests that arrive in it count; it ends the arrivals
  std::uint64_t seed = 1;
};

struct LoadOutcome {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;  // no answer below 500, for whatever reason
  std::uint64_t retries = 0;
  std::vector<std::uint64_t> per_server;  // tries
  std::vector<Duration> waits;            // of all requests, failed ones too, sorted
  std::vector<Duration> left_rotation;    // per server: when it first was, since the start; max: never

  double success_rate() const;
  Duration percentile(double share) const;
};

// Runs until every request has ended. All requests are GETs.
LoadOutcome run(const LoadModel& model, Backend& backend);

}  // namespace fairlead::simulate
