#include "cli/simulate/table.h"

#include <algorithm>
#include <span>

namespace fairlead::cli::simulation {
namespace {

constexpr std::size_t kBetweenColumns = 2;
constexpr std::size_t kBetweenGroups = 4;

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.append(width - std::min(width, display_width(text)), ' ');
  return cell;
}

std::size_t width_of(const Column& column) {
  std::size_t width = display_width(column.heading);
  for (const std::string& cell : column.cells) width = std::max(width, display_width(cell));
  return width;
}

std::size_t width_of(const ColumnGroup& group) {
  std::size_t width = 0;
  for (const Column& column : group.columns) width += width_of(column) + (width > 0 ? kBetweenColumns : 0);
  return std::max(width, display_width(group.heading));
}

// Row 0 is the heading of each column.
std::string cells_of(const ColumnGroup& group, std::size_t row) {
  std::string line;
  for (const Column& column : group.columns) {
    if (!line.empty()) line.append(kBetweenColumns, ' ');
    line += padded(row == 0 ? column.heading : column.cells[row - 1], width_of(column));
  }
  return padded(line, width_of(group));
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string band(const ColumnGroup& first, std::span<const ColumnGroup> groups, std::span<const std::string> marks) {
  const std::size_t rows = first.columns.front().cells.size();
  const std::string between(kBetweenGroups, ' ');
  std::string line = padded(first.heading, width_of(first));
  for (const ColumnGroup& group : groups) line += between + padded(group.heading, width_of(group));
  std::string text = trimmed(std::move(line));
  for (std::size_t row = 0; row <= rows; ++row) {
    line = cells_of(first, row);
    for (const ColumnGroup& group : groups) line += between + cells_of(group, row);
    if (row > 0 && !marks[row - 1].empty()) line += between + marks[row - 1];
    text += trimmed(std::move(line));
  }
  return text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  // Bytes that continue a character take no room.
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

std::string Table::text(std::size_t columns) const {
  std::size_t widest_mark = 0;
  for (const std::string& mark : marks) widest_mark = std::max(widest_mark, display_width(mark));
  const std::size_t taken = width_of(first) + (widest_mark > 0 ? widest_mark + kBetweenGroups : 0);
  std::string text;
  for (std::size_t begin = 0; begin < groups.size();) {
    std::size_t end = begin;
    std::size_t width = taken;
    while (end < groups.size() && (end == begin || width + kBetweenGroups + width_of(groups[end]) <= columns))
      width += kBetweenGroups + width_of(groups[end++]);
    if (begin > 0) text += '\n';
    text += band(first, std::span(groups).subspan(begin, end - begin), marks);
    begin = end;
  }
  return text;
}

}  // namespace fairlead::cli::simulation
