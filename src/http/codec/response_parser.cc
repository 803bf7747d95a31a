// Response heads (RFC 9112, 4 and 6). Servers are strangers too: the same strictness as for requests.
#include <charconv>

#include "http/codec/common_fields.h"
#include "http/codec/head_parser.h"
#include "http/codec/head_reader.h"
#include "http/codec/scan.h"

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;

constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

// ` 200 OK` and the end of the line. The space before the reason may be missing where the reason is, as many servers
// have it.
Progress read_status(HeadReader& reader, ResponseHead& head) {
  constexpr std::string_view kPattern = " ddd";
  const char* status = reader.at;
  for (const char wanted : kPattern) {
    if (reader.at == reader.end) return kIncomplete;
    if (wanted == 'd' ? !is_digit(*reader.at) : *reader.at != wanted) return refused(Rule::bad_status_line);
    ++reader.at;
  }
  std::from_chars(status + 1, reader.at, head.status);
  if (head.status < 100) return refused(Rule::bad_status);
  if (reader.at == reader.end) return kIncomplete;
  head.reason = {};
  if (*reader.at == ' ') {
    const char* reason = ++reader.at;
    reader.at = scan::skip_value(reason, reader.end);
    head.reason = {reason, reader.at};
  }
  return reader.read_line_end(Rule::bad_status_line);
}

// `Keep-Alive: timeout=5, max=100` (RFC 2068, 19.7.1.1); nothing where it is malformed: it is only a hint.
std::optional<Duration> timeout_of(std::string_view keep_alive) {
  constexpr std::string_view kName = "timeout=";
  constexpr std::uint32_t kMaxSeconds = 86'400;
  std::optional<Duration> timeout;
  for_each_list_element(keep_alive, [&](std::string_view parameter) {
    if (!equals_ignoring_case(parameter.substr(0, kName.size()), kName)) return;
    const char* end = parameter.data() + parameter.size();
    std::uint32_t seconds = 0;
    const auto [parsed, error] = std::from_chars(parameter.data() + kName.size(), end, seconds);
    if (error == std::errc() && parsed == end) timeout = std::min(seconds, kMaxSeconds) * Duration(1s);
  });
  return timeout;
}

// RFC 9112, 6.3, items 1 and 2.
bool has_no_body(std::uint16_t status, Method request_method) {
  return request_method == Method::head || status < 200 || status == 204 || status == 304;
}

void conclude(const CommonFields& common, Method request_method, ResponseHead& head) {
  head.has_content_length = common.has_length();
  head.content_length = common.length();
  head.framing = common.framing();
  if (head.framing == Framing::none) head.framing = Framing::until_close;
  if (has_no_body(head.status, request_method)) head.framing = Framing::none;
  head.keep_alive = common.keep_alive() && head.framing != Framing::until_close && head.status != 101;
  head.upgrade = common.upgrade(head.fields);
  const Field* keep_alive = head.fields.find(FieldId::keep_alive);
  head.keep_alive_timeout = keep_alive == nullptr ? std::nullopt : timeout_of(keep_alive->value);
}

Progress read(HeadReader& reader, Method request_method, ResponseHead& head) {
  head.fields.clear();
  if (const Progress progress = reader.read_version(head.minor_version); !progress.is_complete()) return progress;
  if (const Progress progress = read_status(reader, head); !progress.is_complete()) return progress;
  CommonFields common(head.minor_version);
  const Progress progress = reader.read_fields(head.fields, [&](const Field& field) { return common.take(field); });
  if (progress.is_complete()) conclude(common, request_method, head);
  return progress;
}

}  // namespace

HeadParse parse_response_head(std::string_view bytes, const ParseLimits& limits, Method request_method,
                              ResponseHead& head) {
  HeadReader reader(bytes, limits);
  HeadParse parse = reader.verdict(read(reader, request_method, head));
  // Whatever a server breaks, the client gets the same answer.
  if (parse.status == HeadParse::Status::refused) parse.refusal.status = 502;
  return parse;
}

}  // namespace fairlead::http
