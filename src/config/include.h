// `include: [conf.d/*.yaml]`: reads a file and all that it includes into one tree.
//
// Maps merge by name, lists append. A name that two files define is F1002, whatever the order of the files.
#pragma once

#include <optional>
#include <string>

#include "config/environment.h"
#include "config/node.h"
#include "config/report.h"
#include "config/source.h"

namespace fairlead::config {

struct MainFile {
  std::string name;  // as messages show it; includes are relative to its folder
  std::string text;
};

// The merged tree with its substitutions made, without `include` keys. Nothing where a file had to be given up;
// `report` says why. `sources` receives every text; `report` must be built on it.
std::optional<Node> read_with_includes(MainFile main, const Environment& environment, Sources& sources, Report& report);

}  // namespace fairlead::config
