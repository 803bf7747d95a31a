#include "config/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "config/source.h"

namespace fairlead::config {
namespace {

// The fixes of one file by line, in a line from its end, so that earlier columns stay right.
std::map<std::uint32_t, std::vector<Fix>> fixes_by_line(std::string_view file, const Diagnostics& diagnostics) {
  std::map<std::uint32_t, std::vector<Fix>> lines;
  for (const Diagnostic& diagnostic : diagnostics)
    if (diagnostic.fix && diagnostic.file == file) lines[diagnostic.fix->line].push_back(*diagnostic.fix);
  for (auto& [line, fixes] : lines) std::ranges::sort(fixes, std::ranges::greater{}, &Fix::column);
  return lines;
}

std::string fixed_line(std::string line, const std::vector<Fix>& fixes, std::size_t& made) {
  std::size_t untouched_to = line.size() + 1;
  for (const Fix& fix : fixes) {
    const std::size_t from = byte_offset(line, fix.column);
    const std::size_t to = byte_offset(line, fix.end_column);
    if (to > untouched_to) continue;
    std::string_view old = std::string_view(line).substr(from, to - from);
    // Quotes belong to the place of a value, and stay.
    const bool is_quoted = old.size() >= 2 && (old.front() == '"' || old.front() == '\'') && old.back() == old.front();
    const std::string quote(is_quoted ? 1 : 0, is_quoted ? old.front() : ' ');
    line.replace(from, to - from, quote + fix.text + quote);
    untouched_to = from;
    ++made;
  }
  return line;
}

}  // namespace

FixedText apply_fixes(std::string_view text, std::string_view file, const Diagnostics& diagnostics) {
  const auto fixes = fixes_by_line(file, diagnostics);
  FixedText fixed;
  std::uint32_t number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string line(text.substr(at, end - at));
    at = end;
    const auto found = fixes.find(number);
    if (found == fixes.end()) {
      fixed.text += line;
      continue;
    }
    const std::string changed = fixed_line(line, found->second, fixed.fixes);
    const auto shown = [](std::string_view whole) { return whole.substr(0, whole.find_last_not_of("\r\n") + 1); };
    fixed.diff += fmt::format("{0}:{1}\n- {2}\n+ {3}\n", file, number, shown(line), shown(changed));
    fixed.text += changed;
  }
  return fixed;
}

}  // namespace fairlead::config
