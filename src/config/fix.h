// Applies the corrections that diagnostics propose, leaving everything else of a file as it is.
#pragma once

#include <string>
#include <string_view>

#include "config/diagnostic.h"

namespace fairlead::config {

struct FixedText {
  std::string text;
  std::string diff;  // the changed lines, as `- old` and `+ new`, each ended
  std::size_t fixes = 0;
};

// Of two fixes that overlap only the first is made; checking again shows what is left.
FixedText apply_fixes(std::string_view text, std::string_view file, const Diagnostics& diagnostics);

}  // namespace fairlead::config
