#include "telemetry/access_record.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "telemetry/json_text.h"
#include "telemetry/line.h"
#include "telemetry/timestamp.h"

namespace fairlead::telemetry {
namespace {

// The most that a field takes of a line, after escaping. Together they stay below kMaxLine.
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxPath = kMaxText;
constexpr std::size_t kMaxAgent = 512;
constexpr std::size_t kMaxAttempts = 4;
static_assert(2 * kMaxPath + 2 * kMaxAgent + (11 + 2 * kMaxAttempts) * kMaxName + 1024 <= kMaxLine);

constexpr Duration kMicrosecond = std::chrono::microseconds(1);

void add_json_text(Line& line, std::string_view text, std::size_t limit) {
  const std::size_t end = line.size() + limit;
  JsonScratch scratch;
  while (!text.empty()) {
    const JsonPiece piece = next_json_piece(text, scratch);
    const std::size_t room = end - line.size();
    // A run may be cut anywhere; an escape or a character of several bytes only as a whole.
    const bool is_run = static_cast<unsigned char>(piece.written.front()) < 0x80 && piece.written.front() != '\\';
    if (piece.written.size() > room && !is_run) return;
    line.add(piece.written.substr(0, room));
    if (piece.written.size() >= room) return;
    text.remove_prefix(piece.taken);
  }
}

void add_json_member(Line& line, std::string_view name, std::string_view text, std::size_t limit = kMaxName) {
  if (text.empty()) return;
  line.add(",\"");
  line.add(name);
  line.add("\":\"");
  add_json_text(line, text, limit);
  line.add('"');
}

// Seconds with as many decimals as microseconds need: `0.0112`, `3`, `0`.
void add_seconds(Line& line, Duration duration) {
  const auto us = static_cast<std::uint64_t>(std::max(duration / kMicrosecond, Duration::rep{0}));
  line.add_number(us / 1'000'000);
  std::uint64_t rest = us % 1'000'000;
  if (rest == 0) return;
  line.add('.');
  for (std::uint64_t unit = 100'000; rest > 0; unit /= 10) {
    line.add(static_cast<char>('0' + rest / unit));
    rest %= unit;
  }
}

void add_json_seconds(Line& line, std::string_view name, std::optional<Duration> duration) {
  if (!duration) return;
  line.add(",\"");
  line.add(name);
  line.add("\":");
  add_seconds(line, *duration);
}

void add_json_number(Line& line, std::string_view name, std::uint64_t number) {
  line.add(",\"");
  line.add(name);
  line.add("\":");
  line.add_number(number);
}

void add_json_attempts(Line& line, std::span<const AttemptRecord> attempts) {
  if (attempts.empty()) return;
  line.add(",\"attempts\":[");
  for (const AttemptRecord& attempt : attempts.first(std::min(attempts.size(), kMaxAttempts))) {
    if (&attempt != attempts.data()) line.add(',');
    line.add("{\"server\":\"");
    add_json_text(line, attempt.server, kMaxName);
    line.add('"');
    add_json_member(line, "reason", attempt.reason);
    add_json_seconds(line, "dur", attempt.took);
    line.add('}');
  }
  line.add(']');
}

void add_json(Line& line, const AccessRecord& record) {
  line.add("{\"ts\":\"");
  line.add(Timestamp(record.at).iso());
  line.add('"');
  add_json_member(line, "id", record.id);
  add_json_member(line, "client", record.client);
  add_json_member(line, "listener", record.listener);
  add_json_member(line, "proto", record.proto);
  add_json_member(line, "method", record.method);
  add_json_member(line, "host", record.host);
  add_json_member(line, "path", record.path, kMaxPath);
  add_json_member(line, "query", record.query, kMaxPath);
  add_json_member(line, "route", record.route);
  add_json_member(line, "pool", record.pool);
  add_json_member(line, "server", record.server);
  add_json_number(line, "status", static_cast<std::uint64_t>(record.status));
  add_json_member(line, "reason", record.reason);
  add_json_seconds(line, "dur", record.total);
  add_json_seconds(line, "queue", record.queue);
  add_json_seconds(line, "connect", record.connect);
  add_json_seconds(line, "ttfb", record.first_byte);
  add_json_number(line, "in", record.bytes_in);
  add_json_number(line, "out", record.bytes_out);
  if (record.reused) line.add(*record.reused ? ",\"reused\":true" : ",\"reused\":false");
  add_json_member(line, "no_retry", record.retry_note);
  add_json_member(line, "hedged", record.hedged);
  add_json_attempts(line, record.attempts);
  add_json_member(line, "ua", record.user_agent, kMaxAgent);
  line.add("}\n");
}

// Text for a terminal or a combined log: all but plain ASCII, and quotes and backslashes, as \xHH, so that no client
// can write lines or terminal commands of its own. Of the latter some are bytes above 127.
void add_printable(Line& line, std::string_view text, std::size_t limit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::size_t end = line.size() + limit;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
    if (line.size() + (is_plain ? 1 : 4) > end) return;
    if (is_plain) {
      line.add(c);
    } else {
      line.add("\\x");
      line.add(kHex[byte >> 4]);
      line.add(kHex[byte & 15]);
    }
  }
}

void add_path(Line& line, const AccessRecord& record) {
  add_printable(line, record.path, kMaxPath);
  if (record.query.empty()) return;
  line.add('?');
  add_printable(line, record.query, kMaxPath);
}

void add_or_dash(Line& line, std::string_view text, std::size_t limit) {
  add_printable(line, text.empty() ? "-" : text, limit);
}

// `0.4 ms`, `11 ms`, `12.3 s`, with the number ending at a common column.
void add_short_duration(Line& line, Duration duration) {
  constexpr std::size_t kWidth = 8;
  std::array<char, 24> room;
  Line text(room);
  const auto us = static_cast<std::uint64_t>(std::max(duration / kMicrosecond, Duration::rep{0}));
  const bool is_in_seconds = us >= 10'000'000;
  const std::uint64_t tenths = is_in_seconds ? us / 100'000 : us / 100;
  text.add_number(tenths / 10);
  if (is_in_seconds || tenths < 10) {
    text.add('.');
    text.add_number(tenths % 10);
  }
  text.add(is_in_seconds ? " s" : " ms");
  for (std::size_t width = text.size(); width < kWidth; ++width) line.add(' ');
  line.add(text.view());
}

void add_human(Line& line, const AccessRecord& record) {
  const bool is_ok = record.reason.empty() || record.reason == "ok";
  line.add(Timestamp(record.at).time_of_day());
  line.add("  ");
  line.add_number(static_cast<std::uint64_t>(record.status));
  line.add("  ");
  add_or_dash(line, record.method, kMaxName);
  line.pad_to(24);
  add_path(line, record);
  line.pad_to(46);
  if (!record.pool.empty()) {
    add_printable(line, record.pool, kMaxName);
    line.add('/');
  }
  add_or_dash(line, record.server, kMaxName);
  line.pad_to(68);
  add_short_duration(line, record.total);
  if (!is_ok) {
    line.add("   ");
    add_printable(line, record.reason, kMaxName);
  }
  if (!record.retry_note.empty()) {
    line.add("  no retry: ");
    add_printable(line, record.retry_note, kMaxName);
  }
  if (!record.hedged.empty()) {
    line.add("   hedge ");
    add_printable(line, record.hedged, kMaxName);
  }
  std::uint64_t retry = 0;
  for (const AttemptRecord& attempt : record.attempts.first(std::min(record.attempts.size(), kMaxAttempts))) {
    line.add("   retry ");
    line.add_number(++retry);
    line.add(" ← ");
    add_printable(line, attempt.server, kMaxName);
    line.add(' ');
    add_printable(line, attempt.reason, kMaxName);
  }
  // Who to answer, where there is something to answer for.
  if (!is_ok) {
    line.add("   ");
    add_or_dash(line, record.client, kMaxName);
    line.add("   ");
    add_or_dash(line, record.id, kMaxName);
  }
  line.add('\n');
}

std::string_view http_version(std::string_view proto) {
  if (proto == "h2") return "HTTP/2.0";
  if (proto == "h3") return "HTTP/3.0";
  return "HTTP/1.1";
}

// The combined format of Apache and nginx, as log tools read it.
void add_combined(Line& line, const AccessRecord& record) {
  add_or_dash(line, record.client, kMaxName);
  line.add(" - - [");
  line.add(Timestamp(record.at).common_log());
  line.add("] \"");
  add_or_dash(line, record.method, kMaxName);
  line.add(' ');
  add_path(line, record);
  line.add(' ');
  line.add(http_version(record.proto));
  line.add("\" ");
  line.add_number(static_cast<std::uint64_t>(record.status));
  line.add(' ');
  line.add_number(record.bytes_out);
  line.add(" \"");
  add_or_dash(line, record.referer, kMaxAgent);
  line.add("\" \"");
  add_or_dash(line, record.user_agent, kMaxAgent);
  line.add("\"\n");
}

}  // namespace

std::string_view format_access(AccessFormat format, const AccessRecord& record, std::span<char> out) {
  FAIRLEAD_ASSERT(out.size() >= kMaxLine);
  Line line(out.first(kMaxLine));
  switch (format) {
    case AccessFormat::json:
      add_json(line, record);
      break;
    case AccessFormat::human:
      add_human(line, record);
      break;
    case AccessFormat::combined:
      add_combined(line, record);
      break;
  }
  return line.view();
}

bool AccessFilter::keeps(const AccessRecord& record) {
  const bool is_notable = record.status >= 400 || record.total >= kSlow || !record.attempts.empty() ||
                          (!record.reason.empty() && record.reason != "ok");
  return is_notable || (!only_errors_ && (sample_.fraction >= 1 || random_.chance(sample_.fraction)));
}

}  // namespace fairlead::telemetry
