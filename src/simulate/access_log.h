// Reads our JSON access log back: when requests came to a pool, and how long its servers took.
#pragma once

#include <cstdint>
#include <expected>
#include <istream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fairlead::simulate {

// What a line says of one request.
struct LoggedRequest {
  WallTime at{};
  std::string pool;  // empty: no pool had a part in it
  std::uint64_t status = 0;
  Duration took{};
  Duration queued{};
  bool was_retried = false;
};

// Why a line is none of ours, in a few words.
using LineFault = std::string_view;

// One line without its end. Strict: valid JSON (RFC 8259), an object with `ts`, `status` and `dur`; further members are
// passed over.
std::expected<LoggedRequest, LineFault> read_log_line(std::string_view line);

struct AccessLog {
  std::vector<Duration> arrivals;       // of the pool, since its first, ascending
  std::vector<Duration> took;           // of its requests, sorted
  std::vector<Duration> service_times;  // of those that one server answered at once: without the time in line
  std::set<std::string> other_pools;
  std::uint64_t lines = 0;
  std::uint64_t unread = 0;  // lines that are none of ours
  std::uint64_t first_unread = 0;
  LineFault first_fault;
  bool is_cut = false;  // there was more than kMaxRequests

  static constexpr std::size_t kMaxRequests = 5'000'000;

  double per_second() const;
  Duration percentile(double share) const;
};

// All lines of requests to `pool`.
AccessLog read_access_log(std::istream& in, std::string_view pool);

}  // namespace fairlead::simulate
