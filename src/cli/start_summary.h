// What `fairlead run` shows people once it is ready: where it listens, how its servers are, and what to do next.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "app/health_monitor.h"
#include "app/options.h"
#include "cli/output.h"

namespace fairlead::cli {

struct StartFacts {
  std::chrono::milliseconds took{};
  std::string file;          // the configuration's; empty for flags
  std::size_t warnings = 0;  // of the configuration, but for those that a note here says already
  std::vector<app::ServerReport> servers;
};

// At most 20 lines, of which two may be notes: beyond five pools only counts. A server that is not up is never among
// those left out while one that is up is shown.
std::string start_summary(const app::Options& options, const StartFacts& facts, const Output& output);

}  // namespace fairlead::cli
