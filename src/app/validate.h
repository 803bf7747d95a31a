// The rules that no single room can see: who points to whom, and what cannot be told apart.
#pragma once

#include "app/options.h"
#include "config/report.h"

namespace fairlead::app {

// Checks everything, the rules of each room included. `root` stands on the whole tree; it may be empty where the
// options came from another reader.
void validate(const Options& options, const config::Cursor& root, config::Report& report);

// F1105: two routes that could both take a request, with nothing to choose between them.
void validate_route_ties(const Options& options, const config::Cursor& root, config::Report& report);

}  // namespace fairlead::app
