// Why a message is refused: one rule each, with the status that answers it and a text for people.
#pragma once

#include <cstdint>
#include <string_view>

namespace fairlead::http {

// Every rule that the codec can find broken. The texts and statuses are one table in refusal.cc.
enum class Rule : std::uint8_t {
  none,
  // The first line.
  not_http,
  tls_on_plain_port,
  http2_preface,
  empty_lines,
  bad_request_line,
  bad_target,
  fragment_in_target,
  target_too_long,
  bad_escape,
  nul_in_path,
  encoded_slash,
  overlong_escape,
  backslash_in_path,
  path_above_root,
  dot_segment_with_parameter,
  bad_absolute_target,
  target_differs_from_host,
  asterisk_without_options,
  connect_refused,
  http_0_9,
  bad_version,
  unsupported_version,
  bad_status_line,
  bad_status,
  // Lines and fields.
  bare_lf,
  bare_cr,
  obs_fold,
  space_before_colon,
  bad_field_name,
  bad_field_value,
  head_too_large,
  too_many_fields,
  // What fields say together.
  missing_host,
  repeated_host,
  bad_host,
  repeated_length,
  bad_length,
  length_and_encoding,
  bad_encoding,
  unknown_encoding,
  encoding_in_http_1_0,
  unknown_expectation,
  too_many_connection_options,
  // Chunked bodies.
  bad_chunk_size,
  chunk_too_large,
  bad_chunk_extension,
  chunk_extensions_too_long,
  bad_chunk_end,
  trailers_too_large,
  count_,
};

// A rule, the status to answer a client with (a server's breach is always a 502), and static text.
struct Refusal {
  Rule rule = Rule::none;
  std::uint16_t status = 0;
  std::string_view text = {};
};

Refusal refusal(Rule rule);

// Whether the rule is a limit that the configuration sets, and not one of the protocol.
bool is_limit(Rule rule);

// The rule's own name (`length_and_encoding`), for logs, counters and tests.
std::string_view word(Rule rule);

}  // namespace fairlead::http
