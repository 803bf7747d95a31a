// The whole configuration as plain data: what every reader of a configuration yields and a snapshot is made from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "pool/options.h"
#include "proxy/options.h"

namespace fairlead::app {

using namespace std::chrono_literals;

enum class LogFormat : std::uint8_t { json, human, combined };
enum class LogWhen : std::uint8_t { all, errors };

struct AccessLogOptions {
  std::string output = "stdout";  // stdout, stderr, off, or a file's path
  LogFormat format = LogFormat::json;
  Share sample{1.0};
  LogWhen when = LogWhen::all;
  std::vector<std::string> fields;  // extra fields: query
  friend bool operator==(const AccessLogOptions&, const AccessLogOptions&) = default;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct EventLogOptions {
  std::string output = "stderr";
  LogLevel level = LogLevel::info;
  friend bool operator==(const EventLogOptions&, const EventLogOptions&) = default;
};

struct LogOptions {
  AccessLogOptions access;
  EventLogOptions events;
  friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

struct ShutdownOptions {
  Duration delay = 0s;
  Duration grace = 30s;
  friend bool operator==(const ShutdownOptions&, const ShutdownOptions&) = default;
};

// What all listeners, routes and pools may use together.
struct ProcessLimits {
  std::optional<ByteCount> memory;       // of all kinds together; empty: three quarters of what there is
  std::optional<ByteCount> kept_bodies;  // of request bodies that are kept to be sent again
  std::optional<ByteCount> kept_heads;   // of large request heads whose end has not come
  friend bool operator==(const ProcessLimits&, const ProcessLimits&) = default;
};

struct Options {
  std::map<std::string, proxy::ListenerOptions> listeners;
  std::vector<proxy::RouteOptions> routes;
  std::map<std::string, pool::PoolOptions> pools;
  proxy::ErrorOptions errors;
  LogOptions log;
  ShutdownOptions shutdown;
  ProcessLimits limits;
  std::string zone;                      // where this Fairlead stands; empty: no server is far
  std::optional<std::uint32_t> workers;  // empty: one per core, as far as memory allows
  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace fairlead::app
