// Hands finished requests to the access log, if there is one, in the format that the configuration asks for.
#pragma once

#include <array>
#include <optional>

#include "base/random.h"
#include "telemetry/access_record.h"
#include "telemetry/log_ring.h"
#include "telemetry/log_writer.h"

namespace fairlead::proxy {

// What an access log is like; from `log.access`.
struct AccessLogSettings {
  telemetry::AccessFormat format = telemetry::AccessFormat::json;
  bool only_errors = false;
  Share sample{1.0};
  bool with_query = false;
};

// One per worker. Off until it is opened.
class AccessLog {
 public:
  explicit AccessLog(Random& random) : random_(random) {}

  // Lines go to `ring`, which this worker alone fills; `writer` empties it. Both outlive the log's use.
  void open(const AccessLogSettings& settings, telemetry::LogRing& ring, telemetry::LogWriter& writer) {
    settings_ = settings;
    filter_.emplace(settings.only_errors, settings.sample, random_);
    ring_ = &ring;
    writer_ = &writer;
  }
  void close() { ring_ = nullptr; }

  bool is_on() const { return ring_ != nullptr; }
  bool wants_query() const { return settings_.with_query; }

  // Writes one line, unless the filter drops it. Never blocks.
  void record(const telemetry::AccessRecord& record) {
    if (ring_ == nullptr || !filter_->keeps(record)) return;
    std::array<char, telemetry::kMaxLine> line;
    writer_->write(*ring_, telemetry::format_access(settings_.format, record, line));
  }

 private:
  Random& random_;
  std::optional<telemetry::AccessFilter> filter_;
  AccessLogSettings settings_;
  telemetry::LogRing* ring_ = nullptr;
  telemetry::LogWriter* writer_ = nullptr;
};

}  // namespace fairlead::proxy
