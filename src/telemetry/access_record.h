// One line of the access log: what it says, which requests get one, and its three formats (ux.md 5.1, 2.8).
//
// Formatting allocates nothing and uses no floating point; a line never exceeds kMaxLine bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "base/units.h"

namespace fairlead::telemetry {

// A try that did not give the response.
struct AttemptRecord {
  std::string_view server;
  std::string_view reason;
  Duration took{};
};

// Views into the exchange, valid while the line is formatted. Empty texts and empty optionals are left out.
struct AccessRecord {
  WallTime at{};
  std::string_view id;
  std::string_view client;
  std::string_view listener;
  std::string_view proto;  // `h1`
  std::string_view method;
  std::string_view host;
  std::string_view path;
  std::string_view query;  // without `?`; only where the configuration asks for it
  std::string_view route;
  std::string_view pool;
  std::string_view server;
  int status = 0;
  std::string_view reason = "ok";
  std::string_view retry_note;  // why no retry was made: `POST`, `body_streamed`
  std::string_view hedged;      // whether the second server of a late request `won` or `lost`; empty: there was none
  Duration total{};
  std::optional<Duration> queue;
  std::optional<Duration> connect;
  std::optional<Duration> first_byte;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::optional<bool> reused;  // the upstream connection; empty where there was none
  std::span<const AttemptRecord> attempts;
  std::string_view user_agent;
  std::string_view referer;  // combined format only
};

inline constexpr std::size_t kMaxLine = 12 * 1024;
// No line has more of any one text.
inline constexpr std::size_t kMaxText = 2048;

enum class AccessFormat : std::uint8_t { json, human, combined };

// Writes the line with its line end to the start of `out` and returns it. `out` holds at least kMaxLine bytes.
std::string_view format_access(AccessFormat format, const AccessRecord& record, std::span<char> out);

// Which requests get a line. One per worker: sampling draws from the worker's randomness.
class AccessFilter {
 public:
  // `only_errors` keeps 4xx, 5xx, answers slower than kSlow and retried requests. Sampling never drops those.
  static constexpr Duration kSlow = std::chrono::seconds(1);

  AccessFilter(bool only_errors, Share sample, Random& random)
      : only_errors_(only_errors), sample_(sample), random_(random) {}

  bool keeps(const AccessRecord& record);

 private:
  bool only_errors_;
  Share sample_;
  Random& random_;
};

}  // namespace fairlead::telemetry
