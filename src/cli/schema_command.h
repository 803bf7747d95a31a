// `fairlead schema`: the JSON Schema of the configuration, for editors.
#pragma once

#include "cli/output.h"

namespace fairlead::cli {

// Returns kDone.
int schema_command(Output& output);

}  // namespace fairlead::cli
