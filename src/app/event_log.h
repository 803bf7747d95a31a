// What happened, as people and programs read it: state changes, configurations applied or refused, starts and stops.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "app/options.h"
#include "base/time.h"
#include "pool/server_event.h"
#include "telemetry/log_ring.h"
#include "telemetry/log_writer.h"

namespace fairlead::app {

// An event of the process as a whole, beside those of servers and pools.
struct ProcessEvent {
  WallTime at{};
  std::string_view event;  // `process.started`, `config.applied`, …; static
  pool::Severity severity = pool::Severity::info;
  std::string text;  // plain words
  std::uint64_t generation = 0;
};

std::string json_line(const ProcessEvent& event);
std::string human_line(const ProcessEvent& event);

// Writes events to the log, from the control thread. Never blocks.
class EventLog {
 public:
  // Lines of words for a terminal, else JSON.
  enum class Format : std::uint8_t { human, json };

  // Opens the log; both outlive its use.
  void open(Format format, LogLevel level, telemetry::LogRing& ring, telemetry::LogWriter& writer);

  template <typename Event>
  void write(const Event& event) {
    if (ring_ == nullptr || !wants(severity_of(event))) return;
    writer_->write(*ring_, format_ == Format::json ? json_line(event) : human_line(event));
  }

 private:
  static pool::Severity severity_of(const ProcessEvent& event) { return event.severity; }
  static pool::Severity severity_of(const pool::ServerEvent& event) { return pool::severity(event); }
  static pool::Severity severity_of(const pool::PoolEvent& event) { return pool::severity(event); }
  static pool::Severity severity_of(const pool::ZoneEvent& event) { return pool::severity(event); }
  bool wants(pool::Severity severity) const;

  Format format_ = Format::json;
  LogLevel level_ = LogLevel::info;
  telemetry::LogRing* ring_ = nullptr;
  telemetry::LogWriter* writer_ = nullptr;
};

}  // namespace fairlead::app
