// `fairlead run`: loads a configuration, runs the engine until it is told to stop, and tells people what happens.
#pragma once

#include <string>
#include <vector>

#include "app/config_loader.h"
#include "cli/output.h"

namespace fairlead::cli {

// The command line of `run`, as it was written.
struct RunArguments {
  app::RunFlags flags;  // --listen, --to, --health, --algorithm, --sticky
  std::string config;   // -c FILE; empty: ./fairlead.yaml, else /etc/fairlead/fairlead.yaml
  std::string save;     // --save FILE
  bool print_config = false;
  bool log = false;  // --log: the access log on a terminal too
  bool dry_run = false;
  bool json = false;  // events as JSON lines, on a terminal too
};

// Blocks until the engine has stopped. Returns the exit code.
int run_command(const RunArguments& arguments, Output& output);

}  // namespace fairlead::cli
