// `${NAME}` and its kin, put in after parsing: a value can never add structure.
//
//   ${NAME}  ${NAME:-default}  ${NAME:?message}  ${file:/path}  ${cred:name}  $$
#pragma once

#include "config/environment.h"
#include "config/node.h"
#include "config/report.h"

namespace fairlead::config {

// Rewrites every scalar below `root` (keys stay as they are). What is missing is F2101 at its `${`.
void substitute(Node& root, const Environment& environment, Report& report);

}  // namespace fairlead::config
