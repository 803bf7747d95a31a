#include "cli/runner.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "app/system_environment.h"
#include "cli/port_owner.h"
#include "cli/start_error.h"
#include "cli/start_summary.h"
#include "cli/stop_texts.h"
#include "config/diagnostic_format.h"
#include "telemetry/timestamp.h"

namespace fairlead::cli {

namespace {

using namespace std::chrono_literals;

// The summary waits this long for the first checks, so that it can say what they found.
constexpr Duration kFirstChecks = 80ms;
constexpr Duration kMinute = 1min;
constexpr Duration kDrainLook = 50ms;
constexpr Duration kDrainProgress = 5s;
// Connections whose last response the client may not have read yet are cut after this.
constexpr Duration kLinger = 3s;

std::vector<app::ServerReport> servers_of(std::vector<app::PoolReport> pools) {
  std::vector<app::ServerReport> servers;
  for (app::PoolReport& pool : pools) std::ranges::move(pool.servers, std::back_inserter(servers));
  return servers;
}

// Whether the file itself sets `log.access.NAME`.
bool sets_access_log(const config::Node& tree, std::string_view name) {
  const config::Node* node = &tree;
  for (const std::string_view key : {std::string_view("log"), std::string_view("access"), name}) {
    if (node == nullptr || !node->is_mapping()) return false;
    node = node->find(key);
  }
  return node != nullptr;
}

std::string why_not(const app::StartError& error) {
  std::error_code unreadable;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  return start_error_text(error, unreadable ? "/usr/bin/fairlead" : program.string(),
                          [](std::uint16_t port) { return find_port_owner(port); });
}

// The start-up notes speak of servers that are checked by connecting only (F3002) already.
std::size_t count_other_warnings(const config::Diagnostics& warnings) {
  return static_cast<std::size_t>(
      std::ranges::count_if(warnings, [](const config::Diagnostic& warning) { return warning.code != "F3002"; }));
}

}  // namespace

Runner::Runner(runtime::EpollLoop& loop, RunnerOptions options, Output& output)
    : loop_(loop),
      options_(std::move(options)),
      output_(output),
      engine_(loop, *this, resolver_, *this, options_.for_people),
      limits_(
          loop, [this] { return engine_.listener_loads(); }, engine_.kept_bodies(),
          [this](pool::Severity severity, std::string text) { event("limit.reached", severity, std::move(text)); }),
      began_(loop.now()) {}

Runner::~Runner() = default;

std::expected<std::vector<int>, net::ListenError> Runner::open(const net::Endpoint& endpoint, std::size_t count) {
  return net::open_listening_sockets(endpoint, count);
}

void Runner::close(const net::Endpoint& endpoint, const std::vector<int>& sockets) {
  net::close_listening_sockets(endpoint, sockets);
}

// On a terminal people read our words; the access log would drown them, unless it is asked for. What the file says
// itself is left as it is.
app::Options Runner::adapt(const app::LoadedConfig& loaded) const {
  app::Options options = loaded.options;
  app::AccessLogOptions& access = options.log.access;
  if (access.output != "stdout" || ::isatty(STDOUT_FILENO) != 1) return options;
  if (!sets_access_log(loaded.tree, "output") && !options_.log_to_terminal) access.output = "off";
  if (!sets_access_log(loaded.tree, "format")) access.format = app::LogFormat::human;
  return options;
}

int Runner::run(const app::LoadedConfig& loaded) {
  const auto started = engine_.start(adapt(loaded));
  if (!started) {
    output_.err << "error: " << why_not(started.error()) << '\n';
    return start_error_exit_code(started.error());
  }
  wait_for_first_checks();
  if (phase_ == Phase::starting) {
    announce_start(loaded);
    phase_ = Phase::running;
    next_minute_ = loop_.now() + kMinute;
    loop_.timers().set(*this, next_minute_);
    if (reload_is_due_) reload();
  }
  if (phase_ != Phase::over) loop_.run();
  engine_.stop();
  return exit_code_;
}

void Runner::wait_for_first_checks() {
  if (!options_.for_people || options_.quiet || !engine_.health().is_checking()) return;
  loop_.timers().set(*this, loop_.now() + kFirstChecks);
  loop_.run();
}

void Runner::announce_start(const app::LoadedConfig& loaded) {
  if (!options_.for_people) {
    event("process.started", pool::Severity::info,
          fmt::format("Fairlead {} is ready: {}, from {}", FAIRLEAD_VERSION, app::summary(engine_.options()),
                      options_.file.empty() ? "the command line" : options_.file));
    return;
  }
  const auto took = std::chrono::ceil<std::chrono::milliseconds>(loop_.now() - began_);
  say(start_summary(engine_.options(),
                    {.took = took,
                     .file = options_.file,
                     .warnings = options_.file.empty() ? 0 : count_other_warnings(loaded.warnings),
                     .servers = servers_of(engine_.health().report())},
                    output_));
}

void Runner::on_server_event(const pool::ServerEvent& event) {
  log(event);
  if (phase_ == Phase::starting && options_.for_people && !engine_.health().is_checking()) loop_.stop();
}

void Runner::on_pool_event(const pool::PoolEvent& event) { log(event); }

void Runner::on_zone_event(const pool::ZoneEvent& event) { log(event); }

void Runner::on_timer() {
  switch (phase_) {
    case Phase::starting:
      loop_.stop();
      break;
    case Phase::running:
      tell_minute();
      next_minute_ += kMinute;
      loop_.timers().set(*this, next_minute_);
      break;
    case Phase::delaying:
      begin_drain();
      break;
    case Phase::draining:
      watch_drain();
      break;
    case Phase::over:
      break;
  }
}

void Runner::tell_minute() {
  const app::Totals now = engine_.totals();
  const std::uint64_t requests = now.requests - minute_.requests;
  const std::uint64_t lost = engine_.logs().take_recovered();
  if (lost > 0) {
    event("limit.reached", pool::Severity::warning,
          fmt::format("{} access log lines were dropped: the log could not be written fast enough", lost));
  }
  if (requests > 0 && options_.for_people) {
    say(fmt::format("{}  {} requests in the last minute, {} errors, {} retried\n",
                    telemetry::Timestamp(loop_.wall_now()).time_of_day_to_the_second(), requests,
                    now.server_errors - minute_.server_errors, now.retries - minute_.retries));
  }
  minute_ = now;
}

void Runner::on_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      reload();
      break;
    case SIGUSR1:
      engine_.logs().reopen();
      break;
    default:
      begin_stop(signal);
  }
}

void Runner::reload() {
  reload_is_due_ = phase_ == Phase::starting;
  if (phase_ != Phase::running) return;
  if (options_.file.empty()) return reject("There is no file to reload: this Fairlead runs from flags.");
  const WallTime began = loop_.wall_now();
  const app::SystemEnvironment environment;
  app::LoadResult loaded = app::load_file(options_.file, environment);
  if (!loaded) return reject(loaded.error());
  if (const auto applied = engine_.reload(adapt(*loaded)); !applied) return reject(why_not(applied.error()));
  const auto took = std::chrono::ceil<std::chrono::milliseconds>(loop_.wall_now() - began);
  event("config.applied", pool::Severity::info,
        fmt::format("Applied {} as generation {} in {} ms", options_.file, engine_.generation(), took.count()));
  for (const std::string& moves : engine_.key_moves()) event("config.applied", pool::Severity::info, moves);
  if (loaded->options.workers && *loaded->options.workers != engine_.workers()) {
    event("config.applied", pool::Severity::warning,
          fmt::format("`workers` takes effect at the next start; {} keep running", engine_.workers()));
  }
}

// People see the whole of each fault; in the event log one line has to hold them all.
void Runner::reject(const config::Diagnostics& faults) {
  if (options_.for_people) output_.err << config::format_human(faults, output_.color) << std::flush;
  std::string why = config::count_text(config::count(faults)) + ".";
  if (!people_read_events()) {
    why += " " + config::format_lines(faults);
    why.pop_back();
  }
  reject(why);
}

void Runner::reject(std::string_view why) {
  event("config.rejected", pool::Severity::error,
        fmt::format("Not applied. Generation {} keeps serving. {}", engine_.generation(), why));
}

void Runner::begin_stop(int signal) {
  if (phase_ == Phase::delaying || phase_ == Phase::draining) return finish(signal);
  stop_began_ = loop_.now();
  at_stop_ = engine_.open_work();
  const app::ShutdownOptions& shutdown = engine_.options().shutdown;
  phase_ = Phase::delaying;
  event("process.draining", pool::Severity::info, stopping_text(at_stop_, shutdown.delay, shutdown.grace));
  if (!at_stop_.empty() || shutdown.delay > Duration::zero()) {
    say(stopping_text(at_stop_, shutdown.delay, shutdown.grace) + " Ctrl-C again stops now.\n");
  }
  // Load balancers in front of this one are given the time to look elsewhere.
  if (shutdown.delay > Duration::zero()) {
    loop_.timers().set(*this, loop_.now() + shutdown.delay);
  } else {
    begin_drain();
  }
}

void Runner::begin_drain() {
  phase_ = Phase::draining;
  engine_.drain();
  drain_deadline_ = deadline_after(loop_.now(), engine_.options().shutdown.grace);
  next_progress_ = loop_.now() + kDrainProgress;
  watch_drain();
}

void Runner::watch_drain() {
  const app::OpenWork left = engine_.open_work();
  const TimePoint now = loop_.now();
  // A response is over when the kernel has it; what the client has not read yet would be lost with its connection.
  if (!left.empty()) {
    linger_deadline_ = kNever;
  } else if (linger_deadline_ == kNever) {
    linger_deadline_ = std::min(drain_deadline_, deadline_after(now, kLinger));
  }
  const bool is_empty = left.empty() && engine_.totals().open_connections <= 0;
  if (is_empty || now >= drain_deadline_ || now >= linger_deadline_) return finish(0);
  if (now >= next_progress_) {
    say(still_open_text(now - stop_began_, left) + '\n');
    next_progress_ += kDrainProgress;
  }
  loop_.timers().set(*this, now + kDrainLook);
}

void Runner::finish(int second_signal) {
  const StopOutcome outcome{.took = loop_.now() - stop_began_,
                            .at_first = at_stop_,
                            .left = engine_.open_work(),
                            .second_signal = second_signal};
  exit_code_ = stop_exit_code(outcome);
  event("process.stopped", outcome.left.requests > 0 ? pool::Severity::warning : pool::Severity::info,
        stopped_text(outcome));
  if (const std::string totals = totals_text(engine_.totals()); !totals.empty()) {
    event("process.totals", pool::Severity::info, totals);
  }
  say(stopped_text(outcome) + '\n');
  phase_ = Phase::over;
  loop_.stop();
}

bool Runner::people_read_events() const {
  return options_.for_people && engine_.options().log.events.output == "stderr";
}

// What happens while we start and stop is said to people in words of its own.
template <typename Event>
void Runner::log(const Event& event) {
  if (phase_ == Phase::running || !people_read_events()) engine_.logs().events().write(event);
  if (phase_ == Phase::running && !people_read_events()) say(human_line(event));
}

void Runner::event(std::string_view name, pool::Severity severity, std::string text) {
  log(app::ProcessEvent{.at = loop_.wall_now(),
                        .event = name,
                        .severity = severity,
                        .text = std::move(text),
                        .generation = engine_.generation()});
}

void Runner::say(const std::string& text) {
  if (options_.for_people && !options_.quiet) output_.err << text << std::flush;
}

}  // namespace fairlead::cli
