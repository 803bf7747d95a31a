#include "cli/check_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "app/config_loader.h"
#include "config/diagnostic_format.h"
#include "config/fix.h"
#include "config/yaml_tree.h"

namespace fairlead::cli {
namespace {

struct Checked {
  std::string file;
  std::string summary;  // empty where it is not valid
  config::Diagnostics diagnostics;
};

Checked check_file(const std::string& file, const config::Environment& environment, const app::NameFault& name_fault) {
  app::LoadResult result = app::load_file(file, environment);
  if (!result) return {file, "", std::move(result.error())};
  Checked checked{file, app::summary(result->options), std::move(result->warnings)};
  if (name_fault) std::ranges::move(app::check_names(*result, name_fault), std::back_inserter(checked.diagnostics));
  return checked;
}

// `fairlead.yaml is valid: 2 listeners, 4 routes, 2 pools, 5 servers. 1 warning (F3002).`
std::string success_line(const Checked& checked) {
  std::string line = fmt::format("{} is valid: {}.", checked.file, checked.summary);
  if (checked.diagnostics.empty()) return line;
  std::vector<std::string> codes;
  for (const config::Diagnostic& diagnostic : checked.diagnostics) codes.push_back(diagnostic.code);
  std::ranges::sort(codes);
  codes.erase(std::ranges::unique(codes).begin(), codes.end());
  return fmt::format("{} {} ({}).", line, count_text(config::count(checked.diagnostics)), fmt::join(codes, ", "));
}

void print_human(const Checked& checked, Output& output) {
  if (output.quiet) {
    output.out << format_lines(checked.diagnostics);
    return;
  }
  output.out << format_human(checked.diagnostics, output.color);
  if (checked.summary.empty())
    output.out << count_text(config::count(checked.diagnostics)) << ". Nothing was changed.\n";
  else
    output.out << success_line(checked) << "\n";
}

// Makes the fixes of one file and checks it again; false where it could not be written.
bool fix_file(Checked& checked, const CheckArguments& arguments, const config::Environment& environment,
              const WriteFile& write_file, Output& output) {
  const auto text = environment.read_file(checked.file, config::kMaxFileBytes);
  if (!text) return true;  // The diagnostics say so already.
  const config::FixedText fixed = config::apply_fixes(*text, checked.file, checked.diagnostics);
  if (fixed.fixes == 0) return true;
  if (!write_file(checked.file, fixed.text)) {
    output.err << fmt::format("error: `{}` cannot be written. Nothing was changed.\n", checked.file);
    return false;
  }
  output.err << fixed.diff << fmt::format("Fixed {} in {}.\n\n", fixed.fixes, checked.file);
  checked = check_file(checked.file, environment, arguments.name_fault);
  return true;
}

}  // namespace

int check_command(const CheckArguments& arguments, const config::Environment& environment, const WriteFile& write_file,
                  Output& output) {
  config::Diagnostics all;
  bool is_valid = true;
  for (const std::string& file : arguments.files) {
    Checked checked = check_file(file, environment, arguments.name_fault);
    if (arguments.fix && !fix_file(checked, arguments, environment, write_file, output)) return kFailed;
    if (arguments.format == CheckFormat::human) print_human(checked, output);
    is_valid &= !checked.summary.empty() && (checked.diagnostics.empty() || !arguments.strict);
    std::ranges::move(checked.diagnostics, std::back_inserter(all));
  }
  if (arguments.format == CheckFormat::json) output.out << format_json(all);
  if (arguments.format == CheckFormat::github) output.out << format_github(all);
  return is_valid ? kDone : kInvalidConfig;
}

}  // namespace fairlead::cli
