// Where a verb writes, and how: results to stdout, narration to stderr, colour only where it is wanted.
#pragma once

#include <iosfwd>
#include <string_view>

namespace fairlead::cli {

// Exit codes, the same for all verbs.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kBadCommandLine = 2,
  kInvalidConfig = 3,
  kNoFairlead = 4,
  kRefusedAsUnsafe = 5,
  kTimedOut = 6,
  kFound = 7,
  kNotPermitted = 8,
};

enum class ColorChoice { automatic, always, never };

// The streams outlive the verb that gets them.
struct Output {
  std::ostream& out;
  std::ostream& err;
  bool color = false;
  bool ascii = false;
  bool quiet = false;
};

// `automatic` means: to a terminal, unless NO_COLOR is set to anything. `no_color` is that variable, or null.
bool use_color(ColorChoice choice, bool is_terminal, const char* no_color);

}  // namespace fairlead::cli
