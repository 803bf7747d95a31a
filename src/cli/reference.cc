#include "cli/reference.h"

#include <fmt/format.h>

#include <vector>

#include "app/diagnostic_codes.h"
#include "app/options_schema.h"
#include "config/node_text.h"

namespace fairlead::cli {
namespace {

using config::Node;
using config::ReferenceRow;

// The part of a path that heads its section: `pools` of `pools.NAME.drain`.
std::string_view section_of(std::string_view path) { return path.substr(0, path.find_first_of(".[")); }

// A `|` would end the cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char byte : text) escaped += byte == '|' ? "\\|" : std::string(1, byte);
  return escaped;
}

std::string table_row(const ReferenceRow& row) {
  const std::string usual = row.default_value.empty() ? "" : fmt::format("`{}`", cell(row.default_value));
  return fmt::format("| `{}` | {} | {} | {} |\n", row.path, cell(row.type), usual, cell(row.help));
}

}  // namespace

std::string json_schema_text() {
  Node substitution = Node::mapping();
  substitution.add("type", Node::text("string"));
  substitution.add("pattern", Node::text("\\$\\{"));
  Node definitions = Node::mapping();
  definitions.add("substitution", std::move(substitution));
  Node schema = Node::mapping();
  schema.add("$schema", Node::text("https://json-schema.org/draft/2020-12/schema"));
  schema.add("title", Node::text("Fairlead configuration"));
  schema.add("$defs", std::move(definitions));
  Node root = app::options_schema()->json_schema();
  for (Node& member : root.children) schema.children.push_back(std::move(member));
  return config::to_json(schema);
}

std::string configuration_reference() {
  std::vector<ReferenceRow> rows;
  app::options_schema()->describe("", nullptr, rows);
  std::string text =
      "# Configuration reference\n\n"
      "Generated from the options themselves; do not edit. `NAME` stands for a name that you choose, `[]` for each "
      "item "
      "of a list. Keys that start with `x-` are ignored everywhere.\n";
  std::string planned;
  std::string_view section;
  for (const ReferenceRow& row : rows) {
    if (!row.is_supported) {
      planned += fmt::format("- `{}`: {}\n", row.path, row.help);
      continue;
    }
    if (section_of(row.path) != section) {
      section = section_of(row.path);
      text += fmt::format("\n## `{}`\n\n| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n", section);
    }
    text += table_row(row);
  }
  return fmt::format("{}\n## Not supported yet\n\nThese keys are refused by name.\n\n{}", text, planned);
}

std::string diagnostics_reference() {
  std::string text =
      "# Diagnostics\n\n"
      "Generated; do not edit. `fairlead explain CODE` prints the same. F0xxx: syntax and types. F1xxx: references and "
      "routes. F2xxx: environment and safety. F3xxx: advice.\n";
  for (const app::DiagnosticCode& code : app::diagnostic_codes())
    text += fmt::format("\n## {}: {}\n\n{}\n\nWrong:\n\n```yaml\n{}\n```\n\nRight:\n\n```yaml\n{}\n```\n", code.code,
                        code.title, code.text, code.wrong, code.right);
  return text;
}

}  // namespace fairlead::cli
