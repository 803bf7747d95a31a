#include "simulate/access_log.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace fairlead::simulate {
namespace {

using Fault = std::unexpected<LineFault>;

constexpr double kLongest = 7.0 * 24 * 3600;  // seconds that a request may have taken

// A JSON text, read from the left (RFC 8259). Each call takes what it names and the white space behind it, or says
// false and has taken an unknown part: then the line is at fault.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : rest_(text) { skip_space(); }

  bool at_end() const { return rest_.empty(); }
  bool starts_with(char c) const { return rest_.starts_with(c); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    advance(1);
    return true;
  }
  // `raw` is what stands between the quotes, escapes as they are.
  bool take_string(std::string_view& raw);
  bool take_number(double& number);
  // Any value, nested no deeper than kMaxDepth.
  bool skip_value(int depth = 0);

 private:
  static constexpr int kMaxDepth = 8;

  void advance(std::size_t count) {
    rest_.remove_prefix(count);
    skip_space();
  }
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    advance(word.size());
    return true;
  }
  bool skip_items(char open, char close, int depth);

  std::string_view rest_;
};

bool JsonCursor::take_string(std::string_view& raw) {
  if (!rest_.starts_with('"')) return false;
  std::size_t end = 1;
  while (end < rest_.size() && rest_[end] != '"') {
    if (static_cast<unsigned char>(rest_[end]) < 0x20) return false;
    if (rest_[end] != '\\') {
      ++end;
      continue;
    }
    if (end + 1 >= rest_.size()) return false;
    const char escape = rest_[end + 1];
    if (escape == 'u') {
      const std::string_view digits = rest_.substr(end + 2, 4);
      if (digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
        return false;
      end += 6;
    } else {
      if (!std::string_view("\"\\/bfnrt").contains(escape)) return false;
      end += 2;
    }
  }
  if (end >= rest_.size()) return false;
  raw = rest_.substr(1, end - 1);
  advance(end + 1);
  return true;
}

bool JsonCursor::take_number(double& number) {
  // from_chars also reads `inf`, `.5` and `01`.
  const std::size_t sign = rest_.starts_with('-') ? 1 : 0;
  const auto digit = [&](std::size_t index) {
    return index < rest_.size() && rest_[index] >= '0' && rest_[index] <= '9';
  };
  if (!digit(sign) || (rest_[sign] == '0' && digit(sign + 1))) return false;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
  if (error != std::errc{} || *(end - 1) == '.') return false;
  advance(static_cast<std::size_t>(end - rest_.data()));
  return true;
}

bool JsonCursor::skip_value(int depth) {
  if (depth > kMaxDepth) return false;
  std::string_view text;
  double number = 0;
  if (starts_with('"')) return take_string(text);
  if (starts_with('{')) return skip_items('{', '}', depth);
  if (starts_with('[')) return skip_items('[', ']', depth);
  return take_word("true") || take_word("false") || take_word("null") || take_number(number);
}

bool JsonCursor::skip_items(char open, char close, int depth) {
  if (!take(open)) return false;
  if (take(close)) return true;
  do {
    std::string_view name;
    if (open == '{' && !(take_string(name) && take(':'))) return false;
    if (!skip_value(depth + 1)) return false;
  } while (take(','));
  return take(close);
}

// `2026-01-15T14:02:09.114Z`, the fraction being optional.
std::optional<WallTime> parse_timestamp(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t width) -> int {
    int value = -1;
    if (at + width > text.size()) return value;
    const char* end = text.data() + at + width;
    return std::from_chars(text.data() + at, end, value).ptr == end ? value : -1;
  };
  constexpr std::size_t kSeconds = 19;
  if (text.size() < kSeconds + 1 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  // Years that nanoseconds can count.
  if (!day.ok() || number(0, 4) < 1970 || number(0, 4) > 2200) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  Duration time = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  if (text.size() > kSeconds + 1) {
    const std::string_view digits = text.substr(kSeconds + 1, text.size() - kSeconds - 2);
    if (text[kSeconds] != '.' || digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
      return std::nullopt;
    Duration unit = std::chrono::milliseconds(100);
    for (const char digit : digits) {
      time += unit * (digit - '0');
      unit /= 10;
    }
  }
  return WallTime(std::chrono::sys_days(day)) + time;
}

std::optional<Duration> parse_seconds(double count) {
  if (count < 0 || count > kLongest) return std::nullopt;
  return Duration(std::llround(count * 1e9));
}

// What is still missing of a line.
struct Seen {
  bool at = false;
  bool status = false;
  bool took = false;
};

// One member; false where its value is not what its name promises.
bool read_member(JsonCursor& json, std::string_view name, LoggedRequest& request, Seen& seen) {
  std::string_view text;
  double number = 0;
  if (name == "ts") {
    if (!json.take_string(text)) return false;
    const std::optional<WallTime> at = parse_timestamp(text);
    request.at = at.value_or(WallTime{});
    return seen.at = at.has_value();
  }
  if (name == "pool") {
    if (!json.take_string(text)) return false;
    request.pool = text;
    return true;
  }
  if (name == "status") {
    if (!json.take_number(number) || number < 0 || number > 999 || number != std::floor(number)) return false;
    request.status = static_cast<std::uint64_t>(number);
    return seen.status = true;
  }
  if (name == "dur" || name == "queue") {
    if (!json.take_number(number)) return false;
    const std::optional<Duration> took = parse_seconds(number);
    (name == "dur" ? request.took : request.queued) = took.value_or(Duration{});
    if (name == "dur") seen.took = true;
    return took.has_value();
  }
  if (name == "attempts") request.was_retried = true;
  return json.skip_value();
}

}  // namespace

std::expected<LoggedRequest, LineFault> read_log_line(std::string_view line) {
  LoggedRequest request;
  Seen seen;
  JsonCursor json(line);
  if (!json.take('{')) return Fault("not a JSON object");
  while (!json.starts_with('}')) {
    std::string_view name;
    if (!json.take_string(name) || !json.take(':')) return Fault("not valid JSON");
    if (!read_member(json, name, request, seen)) return Fault("a value is not valid");
    if (json.starts_with('}')) break;
    if (!json.take(',') || json.starts_with('}')) return Fault("not valid JSON");
  }
  if (!json.take('}') || !json.at_end()) return Fault("not valid JSON");
  if (!seen.at) return Fault("no `ts`");
  if (!seen.status) return Fault("no `status`");
  if (!seen.took) return Fault("no `dur`");
  return request;
}

double AccessLog::per_second() const {
  if (arrivals.size() < 2 || arrivals.back() <= Duration::zero()) return 0;
  return static_cast<double>(arrivals.size() - 1) / std::chrono::duration<double>(arrivals.back()).count();
}

Duration AccessLog::percentile(double share) const {
  if (took.empty()) return Duration::zero();
  return took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))];
}

AccessLog read_access_log(std::istream& in, std::string_view pool) {
  AccessLog log;
  std::vector<WallTime> times;
  for (std::string line; !log.is_cut && std::getline(in, line);) {
    ++log.lines;
    const auto request = read_log_line(line);
    if (!request) {
      if (log.unread++ > 0) continue;
      log.first_unread = log.lines;
      log.first_fault = request.error();
      continue;
    }
    if (request->pool != pool) {
      if (!request->pool.empty()) log.other_pools.insert(request->pool);
      continue;
    }
    times.push_back(request->at);
    log.took.push_back(request->took);
    constexpr std::uint64_t kServerError = 500;
    if (request->status < kServerError && !request->was_retried)
      log.service_times.push_back(std::max(request->took - request->queued, Duration::zero()));
    log.is_cut = times.size() == AccessLog::kMaxRequests;
  }
  std::ranges::sort(times);
  std::ranges::sort(log.took);
  for (const WallTime time : times) log.arrivals.push_back(time - times.front());
  return log;
}

}  // namespace fairlead::simulate
