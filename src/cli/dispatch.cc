#include "cli/dispatch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>

#include "app/system_environment.h"
#include "cli/check_command.h"
#include "cli/completion.h"
#include "cli/default_config.h"
#include "cli/demo/demo_command.h"
#include "cli/demo/terminal.h"
#include "cli/explain_command.h"
#include "cli/help.h"
#include "cli/reference.h"
#include "cli/replace_file.h"
#include "cli/run_command.h"
#include "cli/schema_command.h"
#include "cli/simulate/simulate_command.h"
#include "cli/version_command.h"
#include "config/scalar.h"

namespace fairlead::cli {

namespace {

int fail(Output& output, std::string_view text) {
  output.err << "error: " << text << '\n';
  return kBadCommandLine;
}

// False where the flag was given and is no such number.
template <typename Number>
bool read_number(const CommandLine& line, std::string_view flag, Number& into) {
  const std::string text = line.value(flag);
  if (text.empty()) return !line.has(flag);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Output make_output(const CommandLine& line) {
  const std::string when = line.value("--color");
  const ColorChoice choice = when == "always"  ? ColorChoice::always
                             : when == "never" ? ColorChoice::never
                                               : ColorChoice::automatic;
  // `run` talks to people on stderr; what the others print is their result.
  const int stream = line.verb != nullptr && line.verb->name == "run" ? STDERR_FILENO : STDOUT_FILENO;
  return {.out = std::cout,
          .err = std::cerr,
          .color = use_color(choice, ::isatty(stream) == 1, std::getenv("NO_COLOR")),
          .ascii = line.has("--ascii"),
          .quiet = line.has("--quiet")};
}

int run_verb(const CommandLine& line, Output& output) {
  return run_command({.flags = {.listen = line.values("--listen"),
                                .to = line.values("--to"),
                                .health = line.value("--health"),
                                .algorithm = line.value("--algorithm"),
                                .sticky = line.value("--sticky")},
                      .config = line.value("--config"),
                      .save = line.value("--save"),
                      .print_config = line.has("--print-config"),
                      .log = line.has("--log"),
                      .dry_run = line.has("--dry-run"),
                      .json = line.has("--json")},
                     output);
}

int check_verb(const CommandLine& line, Output& output) {
  CheckArguments arguments{.files = line.arguments, .strict = line.has("--strict"), .fix = line.has("--fix")};
  if (!line.has("--offline")) arguments.name_fault = app::ask_system;
  if (line.has("--config")) arguments.files.push_back(line.value("--config"));
  if (const std::string usual = default_config(); arguments.files.empty() && !usual.empty()) arguments.files = {usual};
  if (arguments.files.empty()) return fail(output, "no fairlead.yaml here. Name a file: fairlead check FILE");
  if (line.value("--format") == "json" || line.has("--json")) arguments.format = CheckFormat::json;
  if (line.value("--format") == "github") arguments.format = CheckFormat::github;
  return check_command(arguments, app::SystemEnvironment(), replace_file, output);
}

int demo_verb(const CommandLine& line, Output& output) {
  demo::DemoFlags flags{.no_browser = line.has("--no-browser"), .json = line.has("--json")};
  if (line.has("--duration")) {
    const auto duration = config::parse_duration(line.value("--duration"));
    if (!duration) return fail(output, "--duration needs a unit: `--duration 30s`");
    flags.duration = *duration;
  }
  if (!read_number(line, "--rate", flags.rate)) return fail(output, "--rate takes a number of requests per second");
  if (!read_number(line, "--servers", flags.servers)) return fail(output, "--servers takes a number from 2 to 9");
  if (!read_number(line, "--seed", flags.seed)) return fail(output, "--seed takes a whole number");
  return demo::run_demo(flags, output.out, output.err);
}

int simulate_verb(const CommandLine& line, Output& output) {
  const simulation::SimulateFlags flags{.config = line.has("--config") ? line.value("--config") : default_config(),
                                        .pool = line.value("--pool"),
                                        .traffic = line.value("--traffic"),
                                        .arrivals = line.value("--arrivals"),
                                        .service_time = line.value("--service-time"),
                                        .concurrency = line.value("--concurrency"),
                                        .servers = line.value("--servers"),
                                        .algorithms = line.value("--algorithms"),
                                        .kill = line.values("--kill"),
                                        .hang = line.values("--hang"),
                                        .slow = line.values("--slow"),
                                        .surge = line.values("--surge"),
                                        .duration = line.value("--duration"),
                                        .runs = line.value("--runs"),
                                        .seed = line.value("--seed"),
                                        .json = line.has("--json")};
  const std::size_t columns =
      demo::output_is_terminal() ? demo::terminal_columns() : std::numeric_limits<std::size_t>::max();
  return simulation::simulate_command(flags, app::SystemEnvironment(), columns, output);
}

int explain_verb(const CommandLine& line, Output& output) { return explain_command(line.arguments[0], output); }

int schema_verb(const CommandLine& /*line*/, Output& output) { return schema_command(output); }

int completion_verb(const CommandLine& line, Output& output) {
  output.out << completion_script(line.arguments[0]);
  return kDone;
}

int version_verb(const CommandLine& line, Output& output) { return version_command(line.has("--json"), output); }

int reference_verb(const CommandLine& line, Output& output) {
  const std::string& page = line.arguments[0];
  output.out << (page == "configuration" ? configuration_reference()
                 : page == "diagnostics" ? diagnostics_reference()
                                         : commands_reference());
  return kDone;
}

}  // namespace fairlead::cli
