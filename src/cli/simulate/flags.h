// The flags of `fairlead simulate`, and what they mean.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "pool/options.h"
#include "simulate/experiment.h"

namespace fairlead::cli::simulation {

// As they were typed; empty where they were not.
struct SimulateFlags {
  std::string config = {};
  std::string pool = {};
  std::string traffic = {};
  std::string arrivals = {};
  std::string service_time = {};
  std::string concurrency = {};
  std::string servers = {};
  std::string algorithms = {};
  std::vector<std::string> kill = {};
  std::vector<std::string> hang = {};
  std::vector<std::string> slow = {};
  std::vector<std::string> surge = {};
  std::string duration = {};
  std::string runs = {};
  std::string seed = {};
  bool json = false;
};

// What is empty depends on the pool, or on the log.
struct Settings {
  std::string log_file = {};
  std::optional<double> per_second = {};
  simulate::ArrivalProcess process = simulate::ArrivalProcess::poisson;
  std::optional<simulate::ServiceTime> service = {};
  std::optional<std::uint32_t> concurrency = {};
  std::vector<std::uint32_t> servers = {};       // ascending
  std::vector<pool::Algorithm> algorithms = {};  // in the order of the catalog
  bool wants_all_algorithms = true;
  std::vector<simulate::Scenario> scenarios = {};  // normal times first
  std::optional<Duration> window = {};
  std::uint32_t runs = 20;
  std::uint64_t seed = 1;
};

// The error says what is wrong with which flag, for a person, without `error: `.
std::expected<Settings, std::string> read_flags(const SimulateFlags& flags);

// `42ms`, `1.2s`, `0.5ms`.
std::optional<Duration> parse_time(std::string_view text);

}  // namespace fairlead::cli::simulation
