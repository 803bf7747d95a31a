// One target of log lines, with the rings that feed it. Never blocks; when the target fails, lines are dropped and
// counted at the rings, and the number is told once it works again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "telemetry/log_ring.h"

namespace fairlead::telemetry {

// Where bytes go. The test seam, and the only place that touches a file descriptor.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Writes without blocking and returns how much was taken, or the errno (EAGAIN where it would block).
  virtual std::expected<std::size_t, int> write(std::string_view bytes) = 0;
  // Opens the target anew (log rotation); true unless that failed, in which case the old one stays.
  virtual bool reopen() = 0;
  // What to poll for room after EAGAIN.
  virtual int fd() const = 0;
};

// stdout, stderr or an open file. Reopening does nothing. Does not own `fd`.
std::unique_ptr<ByteSink> fd_sink(int fd);
// A file that is appended to, created with mode 0640 where it does not exist; or the errno.
std::expected<std::unique_ptr<ByteSink>, int> file_sink(std::string path);

// Rings are added before the writer runs; afterwards only the writer's thread calls drain() and reopen().
class LogOutput {
 public:
  static constexpr std::size_t kRingCapacity = 1 << 20;

  // `on_recovered(dropped)` runs on the writer's thread when the target takes lines again after some were dropped.
  LogOutput(std::string name, std::unique_ptr<ByteSink> sink,
            std::move_only_function<void(std::uint64_t)> on_recovered);

  // For one producer. Stays valid as long as the output.
  LogRing& add_ring(std::size_t capacity = kRingCapacity);

  enum class Progress : std::uint8_t { idle, wrote, blocked };
  // Writes what waits, ring by ring, whole lines from each.
  Progress drain();
  // Opens the target anew before the next line. What is left of a line that the old target would not take is dropped.
  void reopen() { wants_reopen_ = true; }

  // What to poll for room before the next drain(), or -1 where only time can help.
  int fd_to_wait_for() const { return waits_for_room_ ? sink_->fd() : -1; }

  const std::string& name() const { return name_; }
  // Lines dropped so far at all rings and by a target whose reader is gone. Any thread.
  std::uint64_t dropped() const;
  bool has_waiting_lines() const;

 private:
  Progress drain_ring(LogRing& ring);
  void discard_rest_of_line(LogRing& ring);
  void discard_all(LogRing& ring);
  void tell_recovery();

  std::string name_;
  std::unique_ptr<ByteSink> sink_;
  std::move_only_function<void(std::uint64_t)> on_recovered_;
  std::vector<std::unique_ptr<LogRing>> rings_;
  std::size_t current_ = 0;  // the ring whose line may be half written
  bool is_mid_line_ = false;
  bool waits_for_room_ = false;
  bool wants_reopen_ = false;
  std::atomic<std::uint64_t> discarded_{0};
  std::uint64_t told_ = 0;
};

}  // namespace fairlead::telemetry
