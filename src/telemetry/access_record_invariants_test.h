// What must hold for a line of the access log, whatever a client sent: the fuzzer looks for input that breaks it, the
// unit tests replay the corpus.
#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "telemetry/access_record.h"

namespace fairlead::telemetry::invariants {

inline AccessRecord record_of(const std::array<std::string_view, 8>& texts) {
  return {.at = WallTime(std::chrono::seconds(1'700'000'000)),
          .id = texts[0],
          .client = texts[1],
          .listener = "web",
          .proto = "h1",
          .method = texts[2],
          .host = texts[3],
          .path = texts[4],
          .query = texts[5],
          .server = "127.0.0.1:3001",
          .status = 502,
          .reason = "bad_response",
          .total = std::chrono::milliseconds(3),
          .user_agent = texts[6],
          .referer = texts[7]};
}

// Nothing in it moves a terminal: no control character, not even one of those above 127.
inline bool is_one_line(std::string_view line) {
  for (std::size_t at = 0; at + 1 < line.size(); ++at)
    if (line[at] == '\xc2' && static_cast<unsigned char>(line[at + 1]) < 0xa0) return false;
  return line.ends_with('\n') && std::ranges::none_of(line.substr(0, line.size() - 1),
                                                      [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; });
}

// Of a text: it stands in JSON as it is, up to where it was cut, unless it was no UTF-8.
inline void check_member(const nlohmann::json& json, const char* name, std::string_view text) {
  if (text.empty()) {
    FAIRLEAD_ASSERT(!json.contains(name));
    return;
  }
  const auto found = json.at(name).get<std::string>();
  FAIRLEAD_ASSERT(text.starts_with(found) || found.contains("\xef\xbf\xbd"));
  FAIRLEAD_ASSERT(found.size() == text.size() || found.size() < text.size() || found.contains("\xef\xbf\xbd"));
}

// A combined line is taken apart at its quotes as log tools do: request, referer and user agent, and nothing more.
inline void check_quotes(std::string_view line) {
  FAIRLEAD_ASSERT(std::ranges::count(line, '"') == 6);
  FAIRLEAD_ASSERT(line.ends_with("\"\n"));
}

// The input: texts with a NUL between them, of which the last ones may be missing.
inline void check_access_line(std::string_view input) {
  std::array<std::string_view, 8> texts;
  for (std::string_view& text : texts) {
    const std::size_t end = std::min(input.find('\0'), input.size());
    text = input.substr(0, end);
    input.remove_prefix(std::min(input.size(), end + 1));
  }
  const AccessRecord record = record_of(texts);
  static std::array<char, kMaxLine> room;

  const std::string_view line = format_access(AccessFormat::json, record, room);
  FAIRLEAD_ASSERT(is_one_line(line));
  const auto json = nlohmann::json::parse(line);
  check_member(json, "id", texts[0]);
  check_member(json, "client", texts[1]);
  check_member(json, "method", texts[2]);
  check_member(json, "host", texts[3]);
  check_member(json, "path", texts[4]);
  check_member(json, "query", texts[5]);
  check_member(json, "ua", texts[6]);
  FAIRLEAD_ASSERT(json.at("status") == 502 && json.at("server") == "127.0.0.1:3001" &&
                  json.at("reason") == "bad_response");

  FAIRLEAD_ASSERT(is_one_line(format_access(AccessFormat::human, record, room)));
  const std::string_view combined = format_access(AccessFormat::combined, record, room);
  FAIRLEAD_ASSERT(is_one_line(combined));
  check_quotes(combined);
}

}  // namespace fairlead::telemetry::invariants
