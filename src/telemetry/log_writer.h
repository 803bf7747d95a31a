// The one thread that writes all log lines. Workers fill rings; it empties them in batches.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "base/time.h"
#include "telemetry/log_output.h"

namespace fairlead::telemetry {

// Add outputs and rings, then start(), then stop() before it is destroyed. Not thread-safe but for the calls that say
// so.
class LogWriter {
 public:
  // While lines flow it looks at the rings this often and needs no waking.
  static constexpr Duration kBatch = std::chrono::milliseconds(20);
  // The longest sleep: a wake-up that was lost in a race costs no more than this.
  static constexpr Duration kMaxSleep = std::chrono::seconds(1);
  // How often it tries a target again that takes nothing.
  static constexpr Duration kRetry = std::chrono::milliseconds(100);

  LogWriter();
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Owned by the writer; valid until it is destroyed.
  LogOutput& add(std::unique_ptr<LogOutput> output);
  void start();
  // Writes what waits, for at most about `budget`, and ends the thread. False where lines were left.
  bool stop(Duration budget);

  // Any thread: opens every target anew, for log rotation.
  void reopen();

  // For the producer of `ring`: puts the line into the ring and wakes the writer if that is due. Never blocks.
  void write(LogRing& ring, std::string_view line);

 private:
  // Dozing: wakes when a ring becomes half full. Asleep: wakes with any line.
  enum class Sleep : std::uint8_t { awake, dozing, asleep };

  void run();
  LogOutput::Progress drain_all();
  bool has_waiting_lines() const;
  void sleep(Duration wait, Sleep depth);
  void wake();

  std::vector<std::unique_ptr<LogOutput>> outputs_;
  int wake_fd_;
  std::vector<pollfd> polled_;  // the thread's
  std::thread thread_;
  std::atomic<Sleep> depth_{Sleep::awake};
  std::atomic<bool> wants_reopen_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<Duration> stop_budget_{Duration::zero()};
};

}  // namespace fairlead::telemetry
