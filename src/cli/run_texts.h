// What `fairlead run` says to people: the start-up summary, the words of a stop, why it could not start.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "app/engine.h"
#include "app/options.h"
#include "cli/output.h"

namespace fairlead::cli {

// What the summary shows.
struct StartFacts {
  std::chrono::milliseconds took{};
  std::string file;  // the configuration's; empty for flags
  std::vector<app::ServerReport> servers;
};

// At most 20 lines, the notes included: beyond five pools only counts.
std::string start_summary(const app::Options& options, const StartFacts& facts, const Output& output);

// `14 requests and 3 WebSockets`.
std::string work_text(const app::OpenWork& work);

// Why it did not start, with what to type instead; and the exit code that goes with it.
std::string start_error_text(const app::StartError& error);
int start_error_exit_code(const app::StartError& error);

}  // namespace fairlead::cli
