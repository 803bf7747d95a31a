// The life of `fairlead run` once there is a configuration: start, reload, drain, stop; and the words for each.
#pragma once

#include <string>

#include "app/config_loader.h"
#include "app/engine.h"
#include "app/health_monitor.h"
#include "app/limit_watch.h"
#include "cli/output.h"
#include "net/resolver.h"
#include "runtime/epoll/epoll_loop.h"
#include "runtime/timer_wheel.h"

namespace fairlead::cli {

struct RunnerOptions {
  std::string file;              // reread on SIGHUP; empty for flags
  bool for_people = false;       // words to a terminal, else JSON lines
  bool log_to_terminal = false;  // the access log too
  bool quiet = false;            // no summary, no narration
};

// On the control thread. Opens the listening sockets itself.
class Runner final : private app::HealthListener, private app::SocketSource, private runtime::Timer {
 public:
  // `loop` and `output` outlive it. "Ready" is measured from when the loop was made.
  Runner(runtime::EpollLoop& loop, RunnerOptions options, Output& output);
  ~Runner() override;

  // Runs until a signal ends it. Returns the exit code. Once only.
  int run(const app::LoadedConfig& loaded);
  // SIGHUP reloads, SIGUSR1 reopens the log files; of the others the first drains and the second stops.
  void on_signal(int signal);

 private:
  // Steps of a life; each goes on to the next.
  enum class Phase : std::uint8_t { starting, running, delaying, draining, over };

  void on_server_event(const pool::ServerEvent& event) override;
  void on_pool_event(const pool::PoolEvent& event) override;
  void on_zone_event(const pool::ZoneEvent& event) override;
  std::expected<std::vector<int>, net::ListenError> open(const net::Endpoint& endpoint, std::size_t count) override;
  void close(const net::Endpoint& endpoint, const std::vector<int>& sockets) override;
  void on_timer() override;

  app::Options adapt(const app::LoadedConfig& loaded) const;
  void wait_for_first_checks();
  void announce_start(const app::LoadedConfig& loaded);
  void reload();
  void reject(const config::Diagnostics& faults);
  void reject(std::string_view why);
  void begin_stop(int signal);
  void begin_drain();
  void watch_drain();
  void finish(int second_signal);
  void tell_minute();
  // True where the event log is what people read: what is said in words of its own must not be there twice.
  bool people_read_events() const;
  template <typename Event>
  void log(const Event& event);
  void event(std::string_view name, pool::Severity severity, std::string text);
  void say(const std::string& text);

  runtime::EpollLoop& loop_;
  RunnerOptions options_;
  Output& output_;
  net::SystemResolver resolver_;
  app::Engine engine_;
  app::LimitWatch limits_;
  Phase phase_ = Phase::starting;
  TimePoint next_minute_;
  app::Totals minute_;  // at the last summary line
  const TimePoint began_;
  bool reload_is_due_ = false;  // asked for before we ran
  TimePoint stop_began_;
  Deadline drain_deadline_ = kNever;
  Deadline linger_deadline_ = kNever;  // once no request is open
  TimePoint next_progress_;
  app::OpenWork at_stop_;
  int exit_code_ = 0;
};

}  // namespace fairlead::cli
