// Every algorithm, in every scenario, with every number of servers, in runs of the same seeds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "pool/options.h"
#include "proxy/options.h"
#include "simulate/arrivals.h"
#include "simulate/load_run.h"

namespace fairlead::simulate {

// What happens to the pool besides its traffic.
enum class Trouble : std::uint8_t { none, dies, hangs, slows, surge };

struct Scenario {
  Trouble trouble = Trouble::none;
  std::uint32_t servers = 0;  // how many it strikes, the largest first
  double factor = 1;          // slows: of the work; surge: of the traffic
  Duration at{};              // when, since the start; requests count from here
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

struct Plan {
  pool::PoolOptions options;  // at least one server
  std::string zone;           // where this Fairlead stands
  proxy::RetryOptions retry;
  proxy::RouteTimeouts timeouts;
  Traffic traffic;
  std::uint32_t concurrency = 4;  // requests that a server of weight 100 works on at once
  Duration window = std::chrono::minutes(1);
  std::uint32_t runs = 20;
  std::uint64_t seed = 1;
};

// One line of the result: the same in each run.
struct Case {
  std::uint32_t servers = 1;
  pool::Algorithm algorithm = pool::Algorithm::least_requests;
  Scenario scenario;
};

// What one run came to. Times in seconds, of all requests, failed ones too.
struct RunResult {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;
  std::uint64_t retries = 0;
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  double busy = 0;  // see ServerFarm::busy
};

struct CaseResult {
  Case what;
  std::vector<RunResult> runs = {};

  std::vector<double> all(double RunResult::* figure) const;
  double failed_share() const;
};

// The servers of a pool of that size: those of the plan, then copies of its first one that is no backup.
pool::PoolOptions with_servers(const pool::PoolOptions& options, std::uint32_t servers);
// How many requests the server works on at once: the plan's number, times its weight.
std::uint32_t slots_of(const pool::ServerOptions& server, std::uint32_t concurrency);
// One run, with the seed of its number.
RunResult run_case(const Plan& plan, const Case& what, std::uint32_t number);
// All of them, on every core. `progress` is called on this thread while it takes long, with the share that is done.
std::vector<CaseResult> run_cases(const Plan& plan, const std::vector<Case>& cases,
                                  const std::function<void(double)>& progress);

}  // namespace fairlead::simulate
