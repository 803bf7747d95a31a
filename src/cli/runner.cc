#include "cli/runner.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>

#include "app/system_environment.h"
#include "cli/run_texts.h"
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
constexpr int kInterrupted = 130;

std::string seconds_text(Duration duration) {
  return fmt::format("{}s", std::chrono::round<std::chrono::seconds>(duration).count());
}

}  // namespace

Runner::Runner(runtime::EpollLoop& loop, RunnerOptions options, Output& output)
    : loop_(loop),
      options_(std::move(options)),
      output_(output),
      engine_(loop, *this, resolver_, *this, options_.for_people) {}

Runner::~Runner() = default;

std::expected<std::vector<int>, net::ListenError> Runner::open(const net::Endpoint& endpoint, std::size_t count) {
  return net::open_listening_sockets(endpoint, count);
}

void Runner::close(const net::Endpoint& endpoint, const std::vector<int>& sockets) {
  net::close_listening_sockets(endpoint, sockets);
}

// On a terminal people read our words; the access log would drown them, unless it is asked for.
app::Options Runner::adapt(app::Options options) const {
  std::string& output = options.log.access.output;
  if (output == "stdout" && ::isatty(STDOUT_FILENO) == 1 && !options_.log_to_terminal) output = "off";
  return options;
}

int Runner::run(app::LoadedConfig loaded) {
  const TimePoint began = loop_.now();
  const auto started = engine_.start(adapt(std::move(loaded.options)));
  if (!started) {
    output_.err << start_error_text(started.error());
    return start_error_exit_code(started.error());
  }
  wait_for_first_checks();
  if (phase_ == Phase::starting) {
    phase_ = Phase::running;
    announce_start(began);
    next_minute_ = loop_.now() + kMinute;
    loop_.timers().set(*this, next_minute_);
  }
  if (phase_ != Phase::over) loop_.run();
  engine_.stop();
  return exit_code_;
}

void Runner::wait_for_first_checks() {
  if (!options_.for_people || options_.quiet) return;
  loop_.timers().set(*this, loop_.now() + kFirstChecks);
  loop_.run();
}

void Runner::announce_start(TimePoint began) {
  if (options_.for_people) {
    const auto took = std::chrono::ceil<std::chrono::milliseconds>(loop_.now() - began);
    say(start_summary(engine_.options(), {.took = took, .file = options_.file, .servers = engine_.health().reports()},
                      output_));
  } else {
    event("process.started", pool::Severity::info, fmt::format("Fairlead {} is ready", FAIRLEAD_VERSION));
  }
}

void Runner::on_server_event(const pool::ServerEvent& event) {
  // What the first checks found is in the summary.
  if (phase_ == Phase::starting && options_.for_people) {
    if (!engine_.health().is_checking()) loop_.stop();
    return;
  }
  engine_.logs().events().write(event);
}

void Runner::on_pool_event(const pool::PoolEvent& event) {
  if (phase_ == Phase::starting && options_.for_people) return;
  engine_.logs().events().write(event);
}

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
  if (phase_ != Phase::running) return;
  if (options_.file.empty()) {
    reject("there is no file to reload: this Fairlead runs from flags");
    return;
  }
  const app::SystemEnvironment environment;
  app::LoadResult loaded = app::load_file(options_.file, environment);
  if (!loaded) {
    output_.err << config::format_human(loaded.error(), output_.color);
    reject(config::count_text(config::count(loaded.error())));
    return;
  }
  const bool changes_workers = loaded->options.workers && *loaded->options.workers != engine_.workers();
  const auto applied = engine_.reload(adapt(std::move(loaded->options)));
  if (!applied) {
    std::string why = start_error_text(applied.error());
    why.pop_back();
    reject(why);
    return;
  }
  event("config.applied", pool::Severity::info,
        fmt::format("Applied {} as generation {}", options_.file, engine_.generation()));
  if (changes_workers) {
    event("config.applied", pool::Severity::warning,
          fmt::format("`workers` takes effect at the next start; {} keep running", engine_.workers()));
  }
}

void Runner::reject(const std::string& why) {
  output_.err << fmt::format("Not applied. Generation {} keeps serving.\n", engine_.generation()) << std::flush;
  event("config.rejected", pool::Severity::error,
        fmt::format("Not applied, generation {} keeps serving: {}", engine_.generation(), why));
}

void Runner::begin_stop(int signal) {
  if (phase_ == Phase::delaying || phase_ == Phase::draining) {
    say("Stopped now. What was open was cut.\n");
    finish(signal == SIGINT ? kInterrupted : kTimedOut);
    return;
  }
  stop_began_ = loop_.now();
  at_stop_ = engine_.open_work();
  const app::ShutdownOptions& shutdown = engine_.options().shutdown;
  phase_ = Phase::delaying;
  event("process.draining", pool::Severity::info, fmt::format("Stopping with {} open", work_text(at_stop_)));
  if (!at_stop_.empty()) {
    say(fmt::format("Stopping: no new connections. {} open; waiting up to {}. Ctrl-C again stops now.\n",
                    work_text(at_stop_), seconds_text(shutdown.grace)));
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
  const std::string took = seconds_text(loop_.now() - stop_began_);
  if (left.empty()) {
    say(at_stop_.empty()
            ? "Stopped. Nothing was open.\n"
            : fmt::format("Stopped after {}. {} finished. Nothing was cut mid-response.\n", took, work_text(at_stop_)));
    finish(kDone);
    return;
  }
  if (loop_.now() >= drain_deadline_) {
    say(fmt::format("Stopped after {}. {} had to be cut.\n", took, work_text(left)));
    event("process.stopped", pool::Severity::warning, fmt::format("{} had to be cut", work_text(left)));
    finish(kTimedOut);
    return;
  }
  if (loop_.now() >= next_progress_) {
    say(fmt::format("  {:>4}   {} left\n", took, work_text(left)));
    next_progress_ += kDrainProgress;
  }
  loop_.timers().set(*this, loop_.now() + kDrainLook);
}

void Runner::finish(int exit_code) {
  if (exit_code == kDone) event("process.stopped", pool::Severity::info, "Stopped");
  exit_code_ = exit_code;
  phase_ = Phase::over;
  loop_.stop();
}

void Runner::event(std::string_view name, pool::Severity severity, std::string text) {
  if (options_.for_people && phase_ != Phase::running) return;  // said in words of its own
  engine_.logs().events().write(app::ProcessEvent{.at = loop_.wall_now(),
                                                  .event = name,
                                                  .severity = severity,
                                                  .text = std::move(text),
                                                  .generation = engine_.generation()});
}

void Runner::say(const std::string& text) {
  if (options_.for_people && !options_.quiet) output_.err << text << std::flush;
}

}  // namespace fairlead::cli
