// A table for a terminal: columns in groups with a heading; groups that do not fit stand below the others.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fairlead::cli::simulation {

struct Column {
  std::string heading;
  std::vector<std::string> cells = {};  // one for each row, in UTF-8
};

struct ColumnGroup {
  std::string heading;
  std::vector<Column> columns = {};
};

struct Table {
  ColumnGroup first;  // stands before every band of groups
  std::vector<ColumnGroup> groups;
  std::vector<std::string> marks;  // behind each row, perhaps empty

  // Lines of at most `columns` characters as long as one group fits.
  std::string text(std::size_t columns) const;
};

// In characters, not bytes.
std::size_t display_width(std::string_view text);

}  // namespace fairlead::cli::simulation
