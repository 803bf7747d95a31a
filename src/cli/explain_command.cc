#include "cli/explain_command.h"

#include <fmt/format.h>

#include <ostream>
#include <string_view>
#include <vector>

#include "app/diagnostic_codes.h"
#include "config/report.h"

namespace fairlead::cli {
namespace {

std::string indented(std::string_view text) {
  std::string out = "    ";
  for (const char byte : text) out += byte == '\n' ? "\n    " : std::string(1, byte);
  return out;
}

}  // namespace

int explain_command(const std::string& code, Output& output) {
  std::string wanted = code;
  if (wanted.starts_with('f')) wanted.front() = 'F';
  if (const app::DiagnosticCode* found = app::find_diagnostic_code(wanted)) {
    output.out << fmt::format("{}: {}\n\n{}\n\nWrong:\n{}\n\nRight:\n{}\n", found->code, found->title, found->text,
                              indented(found->wrong), indented(found->right));
    return kDone;
  }
  std::vector<std::string_view> codes;
  for (const app::DiagnosticCode& known : app::diagnostic_codes()) codes.push_back(known.code);
  const std::string close = config::nearest(wanted, codes);
  output.err << fmt::format("error: no diagnostic is called `{}`.{}\n", code,
                            close.empty() ? " They look like F0203" : fmt::format(" Did you mean `{}`?", close));
  return kBadCommandLine;
}

}  // namespace fairlead::cli
