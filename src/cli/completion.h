// Completion scripts of shells, from the table of verbs.
#pragma once

#include <string>
#include <string_view>

namespace fairlead::cli {

// For `bash`, `zsh` or `fish`; empty for any other.
std::string completion_script(std::string_view shell);

}  // namespace fairlead::cli
