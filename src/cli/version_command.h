// `fairlead version`: which Fairlead this is, how it was built, and what is in it.
#pragma once

#include "cli/output.h"

namespace fairlead::cli {

// Returns kDone.
int version_command(bool as_json, Output& output);

}  // namespace fairlead::cli
