// From `argv` to one verb with its flags, or to the words that say what is wrong with it.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verbs.h"

namespace fairlead::cli {

// A command line that has been understood. Flags by their long name; one without a value has an empty one where it was
// given.
struct CommandLine {
  const Verb* verb = nullptr;  // null: `fairlead` alone
  std::map<std::string, std::vector<std::string>, std::less<>> flags = {};
  std::vector<std::string> arguments = {};
  bool wants_short_help = false;
  bool wants_long_help = false;

  bool wants_help() const { return wants_short_help || wants_long_help; }
  bool has(std::string_view flag) const;
  // The last value given; empty where there is none.
  std::string value(std::string_view flag) const;
  std::vector<std::string> values(std::string_view flag) const;
};

// `words` without the program's name. The error is one line for stderr; the exit code is then 2.
std::expected<CommandLine, std::string> parse_command_line(const std::vector<std::string>& words);

}  // namespace fairlead::cli
