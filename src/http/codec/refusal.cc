// The one table of rules: what they are called, how they are answered, and what people read.
#include "http/codec/refusal.h"

#include <array>

namespace fairlead::http {
namespace {

struct Row {
  Rule rule;
  std::uint16_t status;
  std::string_view word;
  std::string_view text;
};

constexpr std::array kRows = {
    Row{Rule::none, 0, "none", ""},
    Row{Rule::not_http, 400, "not_http", "these bytes are not HTTP"},
    Row{Rule::tls_on_plain_port, 400, "tls_on_plain_port", "a TLS handshake came to a port that speaks plain HTTP"},
    Row{Rule::http2_preface, 505, "http2_preface", "HTTP/2 without negotiation is not supported here"},
    Row{Rule::empty_lines, 400, "empty_lines", "more than one empty line before the request"},
    Row{Rule::bad_request_line, 400, "bad_request_line", "the request line is malformed"},
    Row{Rule::bad_target, 400, "bad_target", "the request target is malformed"},
    Row{Rule::fragment_in_target, 400, "fragment_in_target", "the request target contains a fragment (#)"},
    Row{Rule::target_too_long, 414, "target_too_long", "the request target is too long"},
    Row{Rule::bad_escape, 400, "bad_escape", "a percent sign in the path is not followed by two hex digits"},
    Row{Rule::nul_in_path, 400, "nul_in_path", "an encoded NUL in the path"},
    Row{Rule::encoded_slash, 400, "encoded_slash", "an encoded slash or backslash in the path"},
    Row{Rule::overlong_escape, 400, "overlong_escape", "an overlong form of a character in the path"},
    Row{Rule::backslash_in_path, 400, "backslash_in_path", "a backslash in the path"},
    Row{Rule::path_above_root, 400, "path_above_root", "the path climbs above its root"},
    Row{Rule::dot_segment_with_parameter, 400, "dot_segment_with_parameter",
        "a dot segment with parameters in the path"},
    Row{Rule::bad_absolute_target, 400, "bad_absolute_target", "the absolute request target is malformed"},
    Row{Rule::target_differs_from_host, 400, "target_differs_from_host", "the request target and Host differ"},
    Row{Rule::asterisk_without_options, 400, "asterisk_without_options", "the target * is for OPTIONS only"},
    Row{Rule::connect_refused, 501, "connect_refused", "CONNECT is not served"},
    Row{Rule::http_0_9, 400, "http_0_9", "the request line has no version (HTTP/0.9)"},
    Row{Rule::bad_version, 400, "bad_version", "the HTTP version is malformed"},
    Row{Rule::unsupported_version, 505, "unsupported_version", "the HTTP version is not 1.0 or 1.1"},
    Row{Rule::bad_status_line, 502, "bad_status_line", "the status line is malformed"},
    Row{Rule::bad_status, 502, "bad_status", "the status is not a number from 100 to 999"},
    Row{Rule::bare_lf, 400, "bare_lf", "a line ends in LF without CR"},
    Row{Rule::bare_cr, 400, "bare_cr", "CR without LF"},
    Row{Rule::obs_fold, 400, "obs_fold", "a field line begins with white space (obs-fold)"},
    Row{Rule::space_before_colon, 400, "space_before_colon", "white space in or after a field name"},
    Row{Rule::bad_field_name, 400, "bad_field_name", "a field name is malformed"},
    Row{Rule::bad_field_value, 400, "bad_field_value", "a control character in a field value"},
    Row{Rule::head_too_large, 431, "head_too_large", "the message head is too large"},
    Row{Rule::too_many_fields, 431, "too_many_fields", "too many fields"},
    Row{Rule::missing_host, 400, "missing_host", "Host is missing"},
    Row{Rule::repeated_host, 400, "repeated_host", "Host occurs more than once"},
    Row{Rule::bad_host, 400, "bad_host", "Host is malformed"},
    Row{Rule::repeated_length, 400, "repeated_length", "Content-Length occurs more than once"},
    Row{Rule::bad_length, 400, "bad_length", "Content-Length is not a number below 2^63"},
    Row{Rule::length_and_encoding, 400, "length_and_encoding", "both Content-Length and Transfer-Encoding"},
    Row{Rule::bad_encoding, 400, "bad_encoding", "Transfer-Encoding is not one final chunked"},
    Row{Rule::unknown_encoding, 501, "unknown_encoding", "Transfer-Encoding names a coding other than chunked"},
    Row{Rule::encoding_in_http_1_0, 400, "encoding_in_http_1_0", "Transfer-Encoding in an HTTP/1.0 message"},
    Row{Rule::unknown_expectation, 417, "unknown_expectation", "Expect is not 100-continue"},
    Row{Rule::too_many_connection_options, 400, "too_many_connection_options", "Connection names too many options"},
    Row{Rule::bad_chunk_size, 400, "bad_chunk_size", "a chunk size is malformed"},
    Row{Rule::chunk_too_large, 400, "chunk_too_large", "a chunk size is not below 2^63"},
    Row{Rule::bad_chunk_extension, 400, "bad_chunk_extension", "a control character in a chunk extension"},
    Row{Rule::chunk_extensions_too_long, 400, "chunk_extensions_too_long", "chunk extensions are too long"},
    Row{Rule::bad_chunk_end, 400, "bad_chunk_end", "a chunk is longer or shorter than its size"},
    Row{Rule::trailers_too_large, 431, "trailers_too_large", "too many trailers, or too long"},
};

constexpr bool is_in_order() {
  for (std::size_t index = 0; index < kRows.size(); ++index)
    if (kRows[index].rule != static_cast<Rule>(index)) return false;
  return kRows.size() == static_cast<std::size_t>(Rule::count_);
}
static_assert(is_in_order());

}  // namespace

Refusal refusal(Rule rule) {
  const Row& row = kRows.at(static_cast<std::size_t>(rule));
  return {row.rule, row.status, row.text};
}

bool is_limit(Rule rule) {
  switch (rule) {
    case Rule::target_too_long:
    case Rule::head_too_large:
    case Rule::too_many_fields:
    case Rule::chunk_extensions_too_long:
    case Rule::trailers_too_large:
      return true;
    default:
      return false;
  }
}

std::string_view word(Rule rule) { return kRows.at(static_cast<std::size_t>(rule)).word; }

}  // namespace fairlead::http
