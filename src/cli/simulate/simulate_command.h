// `fairlead simulate`: the user's pool under load, with every algorithm, in virtual time.
#pragma once

#include <cstddef>

#include "cli/output.h"
#include "cli/simulate/flags.h"
#include "config/environment.h"

namespace fairlead::cli::simulation {

// `columns`: of the terminal; a pipe has any number. Returns kDone, kBadCommandLine, kInvalidConfig, or kFailed where
// the log cannot be used.
int simulate_command(const SimulateFlags& flags, const config::Environment& environment, std::size_t columns,
                     Output& output);

}  // namespace fairlead::cli::simulation
