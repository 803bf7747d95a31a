#include "app/event_log.h"

#include <fmt/format.h>

#include "telemetry/json_text.h"
#include "telemetry/timestamp.h"

namespace fairlead::app {

void EventLog::open(Format format, LogLevel level, telemetry::LogRing& ring, telemetry::LogWriter& writer) {
  format_ = format;
  level_ = level;
  ring_ = &ring;
  writer_ = &writer;
}

std::string json_line(const ProcessEvent& event) {
  std::string line = R"({"ts":")";
  line += telemetry::Timestamp(event.at).iso();
  line += fmt::format(R"(","event":"{}","severity":"{}","reason":)", event.event, word(event.severity));
  telemetry::append_json_string(line, event.text);
  line += fmt::format(R"(,"generation":{}}})", event.generation);
  return line + '\n';
}

std::string human_line(const ProcessEvent& event) {
  return fmt::format("{}  {}\n", telemetry::Timestamp(event.at).time_of_day_to_the_second(), event.text);
}

bool EventLog::wants(pool::Severity severity) const {
  switch (level_) {
    case LogLevel::debug:
    case LogLevel::info:
      return true;
    case LogLevel::warning:
      return severity != pool::Severity::info;
    case LogLevel::error:
      return severity == pool::Severity::error;
  }
  return true;
}

}  // namespace fairlead::app
