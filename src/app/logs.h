// The log targets of the process: opens them as the configuration says and hands out rings.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "app/event_log.h"
#include "app/options.h"
#include "app/worker.h"
#include "telemetry/log_output.h"
#include "telemetry/log_writer.h"

namespace fairlead::app {

// One per log configuration: a reload that changes `log` makes another, and ends this one when no worker uses it any
// more. Control thread only.
class Logs {
 public:
  // Opens the targets and starts the writer. Fails with words where a file cannot be opened.
  // Events are lines of words if they are `for_people`, else JSON.
  static std::expected<std::unique_ptr<Logs>, std::string> open(const LogOptions& options, std::size_t workers,
                                                                bool for_people);
  // Nothing is open yet: `open` makes logs that are of use.
  explicit Logs(const LogOptions& options) : options_(options) {}
  // Ends as by `close`.
  ~Logs();
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  // Writes what waits, within a second, and ends. The workers must have gone over to other logs, or ended.
  void close();
  // Opens files anew, for log rotation.
  void reopen() { writer_->reopen(); }

  const LogOptions& options() const { return options_; }
  AccessLogPlan access_plan(std::size_t worker) const;
  EventLog& events() { return events_; }
  // Lines lost in a stretch that is over, since the last call: worth an event.
  std::uint64_t take_recovered();

 private:
  std::expected<void, std::string> add_outputs(std::size_t workers, bool for_people);

  LogOptions options_;
  std::shared_ptr<telemetry::LogWriter> writer_ = std::make_shared<telemetry::LogWriter>();
  std::vector<telemetry::LogRing*> access_rings_;
  EventLog events_;
  std::atomic<std::uint64_t> recovered_{0};
};

}  // namespace fairlead::app
