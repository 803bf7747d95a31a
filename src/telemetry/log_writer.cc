#include "telemetry/log_writer.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace fairlead::telemetry {
namespace {

// Signals are the main thread's business, and a reader that is gone shall be EPIPE instead of the end of us.
void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

LogWriter::LogWriter() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { FAIRLEAD_ASSERT(wake_fd_ >= 0); }

LogWriter::~LogWriter() {
  FAIRLEAD_ASSERT(!thread_.joinable());
  ::close(wake_fd_);
}

LogOutput& LogWriter::add(std::unique_ptr<LogOutput> output) { return *outputs_.emplace_back(std::move(output)); }

void LogWriter::start() {
  thread_ = std::thread([this] { run(); });
}

bool LogWriter::stop(Duration budget) {
  if (thread_.joinable()) {
    stop_budget_.store(budget, std::memory_order_relaxed);
    is_stopping_.store(true, std::memory_order_release);
    wake();
    thread_.join();
  }
  return !has_waiting_lines();
}

void LogWriter::reopen() {
  wants_reopen_.store(true, std::memory_order_release);
  wake();
}

void LogWriter::write(LogRing& ring, std::string_view line) {
  const std::size_t half = ring.capacity() / 2;
  const bool was_half_empty = ring.used() <= half;
  if (!ring.push(line)) return;
  // A relaxed load may miss that the writer falls asleep just now; it then sleeps kMaxSleep at most.
  const Sleep depth = depth_.load(std::memory_order_relaxed);
  const bool becomes_half_full = was_half_empty && ring.used() > half;
  if (depth == Sleep::asleep || (depth == Sleep::dozing && becomes_half_full)) wake();
}

void LogWriter::run() {
  block_all_signals();
  Duration waited_to_stop{};
  while (true) {
    if (wants_reopen_.exchange(false, std::memory_order_acquire)) {
      for (const auto& output : outputs_) output->reopen();
    }
    // Read before draining: every line that was written before stop() is then seen.
    const bool is_stopping = is_stopping_.load(std::memory_order_acquire);
    const LogOutput::Progress progress = drain_all();
    if (is_stopping) {
      if (!has_waiting_lines() || waited_to_stop >= stop_budget_.load(std::memory_order_relaxed)) return;
      waited_to_stop += kBatch;
      sleep(kBatch, Sleep::awake);
    } else if (progress == LogOutput::Progress::idle) {
      sleep(kMaxSleep, Sleep::asleep);
    } else {
      sleep(progress == LogOutput::Progress::wrote ? kBatch : kRetry, Sleep::dozing);
    }
  }
}

// The most urgent of all outputs: one that wrote is looked at again soon, whatever the others do.
LogOutput::Progress LogWriter::drain_all() {
  bool is_any_blocked = false;
  bool has_any_written = false;
  for (const auto& output : outputs_) {
    const LogOutput::Progress progress = output->drain();
    is_any_blocked |= progress == LogOutput::Progress::blocked;
    has_any_written |= progress == LogOutput::Progress::wrote;
  }
  if (has_any_written) return LogOutput::Progress::wrote;
  return is_any_blocked ? LogOutput::Progress::blocked : LogOutput::Progress::idle;
}

bool LogWriter::has_waiting_lines() const {
  return std::ranges::any_of(outputs_, [](const auto& output) { return output->has_waiting_lines(); });
}

void LogWriter::sleep(Duration wait, Sleep depth) {
  depth_.store(depth, std::memory_order_seq_cst);
  const bool came_meanwhile = depth == Sleep::asleep && has_waiting_lines();
  if (!came_meanwhile) {
    polled_.assign(1, {.fd = wake_fd_, .events = POLLIN, .revents = 0});
    // A target without room ends the wait when it has some; poll ignores negative descriptors.
    for (const auto& output : outputs_)
      polled_.push_back({.fd = output->fd_to_wait_for(), .events = POLLOUT, .revents = 0});
    ::poll(polled_.data(), polled_.size(), static_cast<int>(wait / std::chrono::milliseconds(1)));
  }
  depth_.store(Sleep::awake, std::memory_order_relaxed);
  std::uint64_t wakes = 0;
  // Nothing to read is the usual case after a time-out.
  [[maybe_unused]] const ssize_t taken = ::read(wake_fd_, &wakes, sizeof wakes);
}

void LogWriter::wake() {
  // Of several that would wake it, one makes the system call.
  depth_.store(Sleep::awake, std::memory_order_relaxed);
  const std::uint64_t once = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &once, sizeof once);
}

}  // namespace fairlead::telemetry
