#include "config/diagnostic_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/node_text.h"
#include "config/source.h"

namespace fairlead::config {
namespace {

std::string_view severity_word(const Diagnostic& diagnostic) {
  return diagnostic.severity == Severity::error ? "error" : "warning";
}

// Bold red for errors, bold yellow for warnings; the word says the same without it.
std::string painted(std::string_view text, const Diagnostic& diagnostic, bool color) {
  if (!color) return std::string(text);
  return fmt::format("\x1b[1;{}m{}\x1b[0m", diagnostic.severity == Severity::error ? 31 : 33, text);
}

std::string place_text(const Diagnostic& diagnostic) {
  if (diagnostic.file.empty() || diagnostic.line == 0) return diagnostic.file;
  return fmt::format("{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column);
}

// Control characters of the user's line must not reach the terminal; a tab keeps its width of one.
std::string printable(std::string_view line) {
  std::string shown(line);
  std::ranges::replace_if(
      shown, [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }, ' ');
  return shown;
}

// A very long line (JSON on one line) is cut to what surrounds the fault.
struct Excerpt {
  std::string text;
  std::size_t carets_at = 0;  // in characters, from 0
  std::size_t carets = 1;
};

Excerpt excerpt_of(const Diagnostic& diagnostic) {
  constexpr std::size_t kWidest = 160;
  constexpr std::size_t kBefore = 60;
  Excerpt excerpt{printable(diagnostic.source_line), diagnostic.column - 1, diagnostic.end_column - diagnostic.column};
  if (excerpt.text.size() <= kWidest) return excerpt;
  const std::size_t cut = excerpt.carets_at > kBefore ? excerpt.carets_at - kBefore : 0;
  const std::size_t from = byte_offset(excerpt.text, static_cast<std::uint32_t>(cut + 1));
  const std::size_t to = byte_offset(excerpt.text, static_cast<std::uint32_t>(cut + 1 + kWidest));
  excerpt.text = excerpt.text.substr(from, to - from);
  excerpt.carets_at -= cut;
  excerpt.carets = std::min(excerpt.carets, kWidest - excerpt.carets_at);
  return excerpt;
}

std::string snippet(const Diagnostic& diagnostic, bool color) {
  const std::string number = std::to_string(diagnostic.line);
  const std::string gutter(number.size(), ' ');
  const Excerpt excerpt = excerpt_of(diagnostic);
  std::string marks = std::string(excerpt.carets, '^');
  if (!diagnostic.label.empty()) marks += " " + diagnostic.label;
  return fmt::format("{0} |\n{1} | {2}\n{0} | {3}{4}\n", gutter, number, excerpt.text,
                     std::string(excerpt.carets_at, ' '), painted(marks, diagnostic, color));
}

std::string plural(std::size_t number, std::string_view word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

// GitHub's escapes for the data of a workflow command.
std::string github_escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char byte : text) {
    const bool is_special =
        byte == '%' || byte == '\r' || byte == '\n' || (is_property && (byte == ':' || byte == ','));
    out += is_special ? fmt::format("%{:02X}", static_cast<unsigned>(byte)) : std::string(1, byte);
  }
  return out;
}

Node json_of(const Diagnostic& diagnostic) {
  const auto number = [](std::uint32_t value) { return Node::literal(std::to_string(value)); };
  Node object = Node::mapping();
  object.add("code", Node::text(diagnostic.code));
  object.add("severity", Node::text(std::string(severity_word(diagnostic))));
  object.add("message", Node::text(diagnostic.message));
  object.add("file", Node::text(diagnostic.file));
  object.add("line", number(diagnostic.line));
  object.add("column", number(diagnostic.column));
  object.add("end_column", number(std::max(diagnostic.end_column, diagnostic.column)));
  object.add("path", Node::text(diagnostic.path));
  object.add("help", Node::text(diagnostic.help));
  if (!diagnostic.fix) {
    object.add("fix", Node::literal("null"));
    return object;
  }
  Node range = Node::mapping();
  range.add("line", number(diagnostic.fix->line));
  range.add("column", number(diagnostic.fix->column));
  range.add("end_column", number(diagnostic.fix->end_column));
  Node fix = Node::mapping();
  fix.add("range", std::move(range));
  fix.add("text", Node::text(diagnostic.fix->text));
  object.add("fix", std::move(fix));
  return object;
}

}  // namespace

DiagnosticCounts count(const Diagnostics& diagnostics) {
  const auto errors = static_cast<std::size_t>(std::ranges::count(diagnostics, Severity::error, &Diagnostic::severity));
  return {errors, diagnostics.size() - errors};
}

std::string count_text(const DiagnosticCounts& counts) {
  if (counts.errors == 0) return plural(counts.warnings, "warning");
  if (counts.warnings == 0) return plural(counts.errors, "error");
  return fmt::format("{}, {}", plural(counts.errors, "error"), plural(counts.warnings, "warning"));
}

std::string format_human(const Diagnostic& diagnostic, bool color) {
  std::string out = fmt::format(
      "{}: {}\n", painted(fmt::format("{}[{}]", severity_word(diagnostic), diagnostic.code), diagnostic, color),
      diagnostic.message);
  if (!diagnostic.file.empty()) {
    const std::size_t width = diagnostic.line == 0 ? 1 : std::to_string(diagnostic.line).size();
    out += fmt::format("{}--> {}\n", std::string(width, ' '), place_text(diagnostic));
  }
  if (diagnostic.line != 0 && diagnostic.end_column != 0) out += snippet(diagnostic, color);
  if (!diagnostic.help.empty())
    out += fmt::format("help: {}{}\n", diagnostic.help, diagnostic.fix ? "   fix: fairlead check --fix" : "");
  return out;
}

std::string format_human(const Diagnostics& diagnostics, bool color) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += format_human(diagnostic, color) + "\n";
  return out;
}

std::string format_lines(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    const std::string place = place_text(diagnostic);
    out += fmt::format("{}{}{}[{}]: {}\n", place, place.empty() ? "" : ": ", severity_word(diagnostic), diagnostic.code,
                       diagnostic.message);
  }
  return out;
}

std::string format_json(const Diagnostics& diagnostics) {
  Node list = Node::sequence();
  for (const Diagnostic& diagnostic : diagnostics) list.children.push_back(json_of(diagnostic));
  Node document = Node::mapping();
  document.add("schema", Node::text("fairlead.check/v1"));
  document.add("diagnostics", std::move(list));
  return to_json(document);
}

std::string format_github(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    std::string message = diagnostic.message;
    if (!diagnostic.help.empty()) message += "\nhelp: " + diagnostic.help;
    out += fmt::format("::{} file={},line={},col={},title={}::{}\n", severity_word(diagnostic),
                       github_escaped(diagnostic.file, true), diagnostic.line, diagnostic.column, diagnostic.code,
                       github_escaped(message, false));
  }
  return out;
}

}  // namespace fairlead::config
