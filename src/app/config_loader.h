// From a file or from flags to `Options`, or to all the reasons why not.
//
// Every reader of ours goes the same way: a tree, its short forms written out, `defaults` merged in, bound by the
// schema, validated. A reader of another format fills `Options` itself and calls `finish_options` and `validate`.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "app/options.h"
#include "config/diagnostic.h"
#include "config/environment.h"
#include "config/node.h"
#include "config/source.h"

namespace fairlead::app {

// A configuration that can be run, and where each part of it came from.
struct LoadedConfig {
  Options options;
  config::Diagnostics warnings;
  config::Sources sources;
  config::Node tree;  // in full form, as it was bound
};

// All faults, warnings included, in the order of the file.
using LoadResult = std::expected<LoadedConfig, config::Diagnostics>;

// The flags of `fairlead run` that stand for a file.
struct RunFlags {
  std::vector<std::string> listen = {};  // none: this machine only, port 8080
  std::vector<std::string> to = {};
  std::string health = {};     // empty: by connecting
  std::string algorithm = {};  // empty: the default
  std::string sticky = {};     // `cookie` or `off`; empty: the default
};

LoadResult load_file(const std::string& path, const config::Environment& environment);
// `name` is what messages call the text, and what includes are relative to.
LoadResult load_text(std::string name, std::string text, const config::Environment& environment);
// Diagnostics name the flag as their file and have no line; where it fails they are errors only.
LoadResult load_flags(const RunFlags& flags);

// Fills in what depends on other parts: the names of routes that have none.
void finish_options(Options& options);

// `2 listeners, 4 routes, 2 pools, 5 servers`.
std::string summary(const Options& options);
// The whole file with every default, and behind each value where it came from.
std::string print_config(const LoadedConfig& config);
// A file that loads as these options: the short commented form where that can say it, else all that is not default.
std::string to_yaml(const Options& options);

// A fault in a flag as one line: `error: WRONG. WHAT TO DO`, without a line end.
std::string format_flag_fault(const config::Diagnostic& diagnostic);
// 2 where only the command line is wrong, 3 where what it says cannot be run.
int flag_fault_exit_code(const config::Diagnostic& diagnostic);

}  // namespace fairlead::app
