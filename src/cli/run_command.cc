#include "cli/run_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>

#include "app/descriptor_limit.h"
#include "app/engine.h"
#include "app/system_environment.h"
#include "cli/default_config.h"
#include "cli/replace_file.h"
#include "cli/runner.h"
#include "cli/signals.h"
#include "config/diagnostic_format.h"

namespace fairlead::cli {

namespace {

bool has_flags(const RunArguments& arguments) {
  const app::RunFlags& flags = arguments.flags;
  return !flags.listen.empty() || !flags.to.empty() || !flags.health.empty() || !flags.algorithm.empty() ||
         !flags.sticky.empty();
}

// The file to run from; empty where flags stand for it.
std::string config_file(const RunArguments& arguments) {
  if (!arguments.config.empty()) return arguments.config;
  if (has_flags(arguments)) return {};
  return default_config();
}

int report_faults(const config::Diagnostics& faults, bool are_flags, bool is_json, Output& output) {
  if (is_json && !are_flags) {
    output.out << config::format_json(faults);
    return kInvalidConfig;
  }
  if (!are_flags) {
    if (output.quiet) {
      output.err << config::format_lines(faults);
    } else {
      output.err << config::format_human(faults, output.color) << config::count_text(config::count(faults))
                 << ". Nothing was started.\n";
    }
    return kInvalidConfig;
  }
  int code = kBadCommandLine;
  for (const config::Diagnostic& fault : faults) {
    output.err << app::format_flag_fault(fault) << '\n';
    code = std::max(code, app::flag_fault_exit_code(fault));
  }
  return code;
}

// Writes the file of --save. Never over another one: it may be somebody's work.
int save(const std::string& path, const std::string& text, Output& output) {
  std::ifstream existing(path);
  if (existing) {
    const std::string before{std::istreambuf_iterator<char>(existing), std::istreambuf_iterator<char>()};
    if (before == text) return kDone;
    output.err << fmt::format("error: {} is there already, and is different. Nothing was started. Move it away first\n",
                              path);
    return kRefusedAsUnsafe;
  }
  if (!replace_file(path, text)) {
    output.err << fmt::format("error: cannot write {}\n", path);
    return kFailed;
  }
  const std::string again = path == kConfigHere ? "fairlead run" : fmt::format("fairlead run -c {}", path);
  if (!output.quiet) output.err << fmt::format("Wrote {}. From now on: {}\n", path, again);
  return kDone;
}

// What the command line asks for beside running. The exit code where that is all.
std::optional<int> prepare(const RunArguments& arguments, const app::LoadedConfig& loaded, Output& output) {
  if (arguments.print_config) {
    output.out << app::print_config(loaded);
    return kDone;
  }
  if (arguments.dry_run) {
    output.out << fmt::format("Would run: {}.\n", app::summary(loaded.options));
    if (!arguments.save.empty()) {
      output.out << fmt::format("Would write {}:\n{}", arguments.save, app::to_yaml(loaded.options));
    }
    return kDone;
  }
  if (arguments.save.empty()) return std::nullopt;
  const int saved = save(arguments.save, app::to_yaml(loaded.options), output);
  return saved == kDone ? std::nullopt : std::optional(saved);
}

}  // namespace

int run_command(const RunArguments& arguments, Output& output) {
  const std::string file = config_file(arguments);
  if (!file.empty() && has_flags(arguments)) {
    output.err << "error: use either a file (-c) or flags such as --to, not both\n";
    return kBadCommandLine;
  }
  if (file.empty() && arguments.flags.to.empty()) {
    output.err << "error: no servers. Add --to 127.0.0.1:3000 or a fairlead.yaml here. To look around: fairlead demo\n";
    return kBadCommandLine;
  }
  runtime::EpollLoop loop;  // its first reading of the clock is when we began
  const app::SystemEnvironment environment;
  app::LoadResult loaded = file.empty() ? app::load_flags(arguments.flags) : app::load_file(file, environment);
  if (!loaded) return report_faults(loaded.error(), file.empty(), arguments.json, output);
  if (const std::optional<int> done = prepare(arguments, *loaded, output)) return *done;

  app::raise_descriptor_limit();
  ::signal(SIGPIPE, SIG_IGN);
  // Before any thread is started, so that no other thread gets the signals.
  Runner* running = nullptr;
  const Signals signals(loop, {SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [&](int signal) {
    if (running != nullptr) running->on_signal(signal);
  });
  const bool for_people = ::isatty(STDERR_FILENO) == 1 && !arguments.json;
  // A file that was just saved is the one to reload.
  const std::string reloaded = file.empty() ? arguments.save : file;
  Runner runner(loop,
                {.file = reloaded, .for_people = for_people, .log_to_terminal = arguments.log, .quiet = output.quiet},
                output);
  running = &runner;
  return runner.run(*loaded);
}

}  // namespace fairlead::cli
