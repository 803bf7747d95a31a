#include "cli/run_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "app/engine.h"
#include "app/system_environment.h"
#include "cli/run_texts.h"
#include "cli/runner.h"
#include "cli/signals.h"
#include "config/diagnostic_format.h"

namespace fairlead::cli {

namespace {

bool has_flags(const RunArguments& arguments) {
  const app::RunFlags& flags = arguments.flags;
  return !flags.listen.empty() || !flags.to.empty() || !flags.health.empty() || !flags.algorithm.empty();
}

// The file to run from; empty where flags stand for it.
std::string config_file(const RunArguments& arguments) {
  if (!arguments.config.empty()) return arguments.config;
  if (has_flags(arguments)) return {};
  for (const char* path : {"fairlead.yaml", "/etc/fairlead/fairlead.yaml"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

int report_faults(const config::Diagnostics& faults, bool are_flags, Output& output) {
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

// What the command line asks for beside running. The exit code where that is all.
std::optional<int> prepare(const RunArguments& arguments, const app::LoadedConfig& loaded, Output& output) {
  if (arguments.print_config) {
    output.out << app::print_config(loaded);
    return kDone;
  }
  if (!arguments.save.empty()) {
    std::ofstream file(arguments.save);
    file << app::to_yaml(loaded.options);
    if (!file.flush()) {
      output.err << fmt::format("error: cannot write {}\n", arguments.save);
      return kFailed;
    }
    output.err << fmt::format("Wrote {}. From now on: fairlead run -c {}\n", arguments.save, arguments.save);
  }
  if (arguments.dry_run) {
    output.out << fmt::format("Would run: {}.\n", app::summary(loaded.options));
    return kDone;
  }
  return std::nullopt;
}

// A proxy needs two descriptors for each request: take as many as we may have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_command(const RunArguments& arguments, Output& output) {
  if (!arguments.sticky.empty()) {
    output.err << "error: `--sticky` is not supported yet. Keep sessions in a store that all servers share.\n";
    return kBadCommandLine;
  }
  const std::string file = config_file(arguments);
  if (!file.empty() && has_flags(arguments)) {
    output.err << "error: use either a file (-c) or flags such as --to, not both\n";
    return kBadCommandLine;
  }
  if (file.empty() && arguments.flags.to.empty()) {
    output.err << "error: no servers. Add --to 127.0.0.1:3000 or a fairlead.yaml here. To look around: fairlead demo\n";
    return kBadCommandLine;
  }
  const app::SystemEnvironment environment;
  app::LoadResult loaded = file.empty() ? app::load_flags(arguments.flags) : app::load_file(file, environment);
  if (!loaded) return report_faults(loaded.error(), file.empty(), output);
  if (const std::optional<int> done = prepare(arguments, *loaded, output)) return *done;

  raise_descriptor_limit();
  ::signal(SIGPIPE, SIG_IGN);
  runtime::EpollLoop loop;
  // Before any thread is started, so that no other thread gets the signals.
  Runner* running = nullptr;
  const Signals signals(loop, {SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [&](int signal) {
    if (running != nullptr) running->on_signal(signal);
  });
  const bool for_people = ::isatty(STDERR_FILENO) == 1 && !arguments.json;
  Runner runner(loop, {.file = file, .for_people = for_people, .log_to_terminal = arguments.log, .quiet = output.quiet},
                output);
  running = &runner;
  return runner.run(std::move(*loaded));
}

}  // namespace fairlead::cli
