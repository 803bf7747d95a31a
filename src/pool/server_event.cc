#include "pool/server_event.h"

#include <fmt/format.h>

#include <array>

#include "telemetry/json_text.h"
#include "telemetry/timestamp.h"

namespace fairlead::pool {
namespace {

using telemetry::append_json_string;
using telemetry::Timestamp;

// One JSON object, member by member; the names are ours and need no escaping.
class JsonObject {
 public:
  void add(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
  }
  void add(std::string_view name, std::uint64_t value) {
    begin(name);
    text_ += fmt::format("{}", value);
  }
  void add(std::string_view name, const std::vector<std::string>& values) {
    begin(name);
    text_ += '[';
    for (const std::string& value : values) {
      if (text_.back() != '[') text_ += ',';
      append_json_string(text_, value);
    }
    text_ += ']';
  }
  std::string line() && { return std::move(text_) + "}\n"; }

 private:
  void begin(std::string_view name) { text_ += fmt::format("{}\"{}\":", text_.size() == 1 ? "" : ",", name); }

  std::string text_ = "{";
};

}  // namespace

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "unknown";
}

Severity severity(const ServerEvent& event) {
  const bool is_trouble = state_class(event.to) == StateClass::failed || event.to == ServerState::unresolved ||
                          event.to == ServerState::slow;
  return is_trouble ? Severity::warning : Severity::info;
}

Severity severity(const PoolEvent& event) {
  switch (event.to) {
    case PoolState::failing:
      return Severity::error;
    case PoolState::degraded:
    case PoolState::empty:
      return Severity::warning;
    case PoolState::ok:
      break;
  }
  return Severity::info;
}

Severity severity(const ZoneEvent& event) { return event.is_overloaded ? Severity::warning : Severity::info; }

std::string json_line(const ServerEvent& event) {
  JsonObject object;
  object.add("ts", Timestamp(event.at).iso());
  object.add("event", "server.state");
  object.add("severity", word(severity(event)));
  object.add("subject", fmt::format("{}/{}", event.pool, event.server));
  object.add("from", word(event.from));
  object.add("to", word(event.to));
  object.add("reason", event.reason);
  object.add("why", event.why);
  object.add("evidence", event.evidence);
  if (!event.by.empty()) object.add("by", event.by);
  object.add("generation", event.generation);
  return std::move(object).line();
}

std::string json_line(const PoolEvent& event) {
  JsonObject object;
  object.add("ts", Timestamp(event.at).iso());
  object.add("event", "pool.state");
  object.add("severity", word(severity(event)));
  object.add("subject", event.pool);
  object.add("from", word(event.from));
  object.add("to", word(event.to));
  object.add("reason", event.reason);
  object.add("why", event.why);
  if (!event.evidence.empty()) object.add("evidence", event.evidence);
  object.add("serving", event.serving);
  object.add("servers", event.servers);
  object.add("generation", event.generation);
  return std::move(object).line();
}

std::string json_line(const ZoneEvent& event) {
  JsonObject object;
  object.add("ts", Timestamp(event.at).iso());
  object.add("event", event.is_overloaded ? "zone.overloaded" : "zone.recovered");
  object.add("severity", word(severity(event)));
  object.add("subject", event.pool);
  object.add("why", event.why);
  object.add("generation", event.generation);
  return std::move(object).line();
}

std::string human_line(const ServerEvent& event) {
  return fmt::format("{}  {} {}/{} {}: {}\n", Timestamp(event.at).time_of_day_to_the_second(), glyph(event.to),
                     event.pool, event.server, word(event.to), event.why);
}

std::string human_line(const PoolEvent& event) {
  constexpr std::array<std::string_view, 4> kGlyphs{"●", "◐", "✕", "✕"};  // by PoolState
  return fmt::format("{}  {} pool {} {}: {}\n", Timestamp(event.at).time_of_day_to_the_second(),
                     kGlyphs[static_cast<std::size_t>(event.to)], event.pool, word(event.to), event.why);
}

std::string human_line(const ZoneEvent& event) {
  return fmt::format("{}  {} pool {}: {}\n", Timestamp(event.at).time_of_day_to_the_second(),
                     event.is_overloaded ? "◐" : "●", event.pool, event.why);
}

}  // namespace fairlead::pool
