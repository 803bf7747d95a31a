// `fairlead explain F0203`: what a diagnostic means, with a wrong and a right example.
#pragma once

#include <string>

#include "cli/output.h"

namespace fairlead::cli {

// Returns kDone, or kBadCommandLine for a code that does not exist. Reads `f0203` too.
int explain_command(const std::string& code, Output& output);

}  // namespace fairlead::cli
