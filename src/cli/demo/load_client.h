// The demo's users: requests that arrive at a rate of their own, whether or not the ones before have been answered.
//
// A request's time counts from when it was due, so that a slow answer cannot hide what it holds up (no coordinated
// omission).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "cli/demo/latency_histogram.h"
#include "http/h1_client.h"
#include "http/workspace.h"
#include "net/socket_address.h"
#include "runtime/event_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"
#include "telemetry/counter.h"

namespace fairlead::cli::demo {

// Belongs to the loop's thread, except where a call says otherwise.
class LoadClient {
 public:
  // `loop` and `workspace` outlive it. `rate` in requests per second; arrivals are random, decided by `seed`.
  LoadClient(runtime::EventLoop& loop, http::Workspace& workspace, double rate, std::uint64_t seed);

  // Sends GET requests to `target` from now on.
  void start(const net::SocketAddress& target);
  void set_rate(double rate);
  // No further request; ends once those on their way have ended, each within kPatience.
  runtime::Task<void> close();

  // Any thread.
  std::uint64_t requests() const { return requests_.value(); }
  std::uint64_t answers() const { return answers_.value(); }
  // What a user would see as one: no connection, no or half an answer, a status of 400 or more.
  std::uint64_t errors() const { return errors_.value(); }
  // Once closed.
  const LatencyHistogram& latencies() const { return latencies_; }
  // How often each kind of error was seen, once closed.
  const std::map<std::string, std::uint64_t>& error_kinds() const { return error_kinds_; }

 private:
  static constexpr Duration kPatience = std::chrono::seconds(10);
  // Idle connections are not used for longer: well before Fairlead would close them.
  static constexpr Duration kMaxIdle = std::chrono::seconds(30);
  static constexpr std::size_t kMaxInFlight = 4096;

  struct Idle {
    std::unique_ptr<http::H1Client> connection;
    TimePoint since;
  };

  runtime::Task<void> arrivals();
  runtime::Task<void> request(TimePoint due);
  // The status of the answer, once all of it has come.
  runtime::Task<std::uint16_t> fetch(Deadline deadline);
  runtime::Task<std::unique_ptr<http::H1Client>> connection(Deadline deadline);
  void count_error(std::string kind);
  Duration next_gap();

  runtime::EventLoop& loop_;
  http::Workspace& workspace_;
  double rate_;
  Random random_;
  net::SocketAddress target_;
  std::vector<Idle> idle_;
  telemetry::Counter requests_;
  telemetry::Counter answers_;
  telemetry::Counter errors_;
  LatencyHistogram latencies_;
  std::map<std::string, std::uint64_t> error_kinds_;
  runtime::Signal rate_changed_;
  bool is_closing_ = false;
  runtime::TaskGroup tasks_;
};

}  // namespace fairlead::cli::demo
