// One fault of a configuration, complete in itself: what, where, the user's own line, and what to do about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::config {

enum class Severity : std::uint8_t { error, warning };

// A replacement with one possible reading, on one line. Columns count characters from 1; `end_column` is exclusive.
struct Fix {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t end_column = 0;
  std::string text;
};

// `code` is explained by `fairlead explain CODE` and never changes its meaning.
struct Diagnostic {
  std::string code;
  Severity severity = Severity::error;
  std::string message;
  std::string file;              // as the user named it; a flag such as `--to`; empty where there is no place
  std::uint32_t line = 0;        // from 1; 0 where the place is not in a file
  std::uint32_t column = 0;      // in characters, from 1
  std::uint32_t end_column = 0;  // exclusive; 0 where the fault is about a whole block and no piece of text
  std::string path;              // `routes[0].to`
  std::string label;             // beside the carets
  std::string help;
  std::string source_line;  // the user's own line, for the renderer
  std::optional<Fix> fix;
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace fairlead::config
