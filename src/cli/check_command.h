// `fairlead check`: every fault of a configuration in one run, and nothing changed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/name_check.h"
#include "cli/output.h"
#include "config/environment.h"

namespace fairlead::cli {

enum class CheckFormat { human, json, github };

struct CheckArguments {
  std::vector<std::string> files = {};  // the caller has filled in the default
  CheckFormat format = CheckFormat::human;
  bool strict = false;  // warnings count as errors for the exit code
  bool fix = false;
  app::NameFault name_fault = {};  // looks server names up; empty: none is (--offline)
};

// Replaces a file's text; false where that failed. Passed in, so that a test needs no disk.
using WriteFile = std::function<bool(const std::string& path, const std::string& text)>;

// Returns kDone or kInvalidConfig; kFailed where a fix could not be written.
int check_command(const CheckArguments& arguments, const config::Environment& environment, const WriteFile& write_file,
                  Output& output);

}  // namespace fairlead::cli
