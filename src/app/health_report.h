// What people ask about pools and servers: plain values, read on the control thread, free to go anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "pool/health_machine.h"
#include "pool/server_state.h"

namespace fairlead::app {

struct ServerReport {
  std::string pool;
  std::string server;
  std::string address;  // in use just now; empty while its name has none
  bool backup = false;
  pool::AdminState admin{};  // what the operator asked for
  pool::ServerState state{};
  std::string reason;                    // one word
  std::string why;                       // plain words
  TimePoint since{};                     // of the loop's clock
  std::vector<pool::Evidence> evidence;  // the last three checks, oldest first
  std::uint32_t weight = 0;              // as configured
  std::uint32_t in_flight = 0;           // requests, of all workers
  std::uint64_t requests = 0;            // ever sent to it
  std::uint64_t successes = 0;           // requests that it answered well
  std::uint64_t failures = 0;            // requests that count against it
  pool::HealthCounts counts;
};

struct PoolReport {
  std::string name;
  pool::PoolState state{};
  std::uint32_t serving = 0;
  std::vector<ServerReport> servers;  // in the order of the configuration
};

}  // namespace fairlead::app
