// Diagnostics as text: for people, one per line, as JSON, and as annotations of a pull request.
#pragma once

#include <cstddef>
#include <string>

#include "config/diagnostic.h"

namespace fairlead::config {

struct DiagnosticCounts {
  std::size_t errors = 0;
  std::size_t warnings = 0;
};

DiagnosticCounts count(const Diagnostics& diagnostics);
// `2 errors, 1 warning`; what there is none of is left out.
std::string count_text(const DiagnosticCounts& counts);

// The full form: place, the user's own line, carets, help. Ends with a line end.
std::string format_human(const Diagnostic& diagnostic, bool color);
// All of them, with an empty line after each.
std::string format_human(const Diagnostics& diagnostics, bool color);
// `fairlead.yaml:14:11: error[F1004]: …`, one per line.
std::string format_lines(const Diagnostics& diagnostics);
// One document, `"schema": "fairlead.check/v1"`.
std::string format_json(const Diagnostics& diagnostics);
// GitHub workflow commands: `::error file=…,line=…,col=…::…`.
std::string format_github(const Diagnostics& diagnostics);

}  // namespace fairlead::config
