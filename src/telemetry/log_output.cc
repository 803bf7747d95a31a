#include "telemetry/log_output.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace fairlead::telemetry {

LogOutput::LogOutput(std::string name, std::unique_ptr<ByteSink> sink,
                     std::move_only_function<void(std::uint64_t)> on_recovered)
    : name_(std::move(name)), sink_(std::move(sink)), on_recovered_(std::move(on_recovered)) {}

LogRing& LogOutput::add_ring(std::size_t capacity) { return *rings_.emplace_back(std::make_unique<LogRing>(capacity)); }

LogOutput::Progress LogOutput::drain() {
  if (wants_reopen_) {
    if (is_mid_line_) discard_rest_of_line(*rings_[current_]);
    wants_reopen_ = !sink_->reopen();
  }
  waits_for_room_ = false;
  Progress progress = Progress::idle;
  // Begins with the ring whose line is half written, so that lines of different rings never mix.
  for (std::size_t ring = 0; ring < rings_.size(); ++ring) {
    const Progress ring_progress = drain_ring(*rings_[current_]);
    if (ring_progress == Progress::blocked) return Progress::blocked;
    progress = std::max(progress, ring_progress);
    current_ = (current_ + 1) % rings_.size();
  }
  if (progress == Progress::wrote) tell_recovery();
  return progress;
}

LogOutput::Progress LogOutput::drain_ring(LogRing& ring) {
  Progress progress = Progress::idle;
  for (std::span<const char> part : ring.readable()) {
    while (!part.empty()) {
      const std::expected<std::size_t, int> written = sink_->write({part.data(), part.size()});
      if (!written.has_value() || *written == 0) {
        waits_for_room_ = written.has_value() || written.error() == EAGAIN;
        // A full disk may be cleared and a stuck reader may wake, but a reader that is gone never returns.
        if (!written.has_value() && written.error() == EPIPE) discard_all(ring);
        return Progress::blocked;
      }
      is_mid_line_ = part[*written - 1] != '\n';
      part = part.subspan(*written);
      ring.consume(*written);
      progress = Progress::wrote;
    }
  }
  return progress;
}

void LogOutput::discard_rest_of_line(LogRing& ring) {
  for (const std::span<const char> part : ring.readable()) {
    const auto end = std::ranges::find(part, '\n');
    const bool is_found = end != part.end();
    ring.consume(static_cast<std::size_t>(end - part.begin()) + (is_found ? 1 : 0));
    if (is_found) break;
  }
  is_mid_line_ = false;
  discarded_.fetch_add(1, std::memory_order_relaxed);
}

void LogOutput::discard_all(LogRing& ring) {
  for (const std::span<const char> part : ring.readable()) {
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(part, '\n'));
    discarded_.fetch_add(lines, std::memory_order_relaxed);
    ring.consume(part.size());
  }
  is_mid_line_ = false;
  current_ = (current_ + 1) % rings_.size();
}

void LogOutput::tell_recovery() {
  const std::uint64_t lost = dropped();
  if (lost > told_ && on_recovered_) on_recovered_(lost - told_);
  told_ = lost;
}

std::uint64_t LogOutput::dropped() const {
  std::uint64_t lost = discarded_.load(std::memory_order_relaxed);
  for (const auto& ring : rings_) lost += ring->dropped();
  return lost;
}

bool LogOutput::has_waiting_lines() const {
  return std::ranges::any_of(rings_, [](const auto& ring) { return ring->used() > 0; });
}

}  // namespace fairlead::telemetry
