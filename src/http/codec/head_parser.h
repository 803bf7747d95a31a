// Parses the heads of HTTP/1 messages, strictly by RFC 9112: what is ambiguous is refused, never repaired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/codec/message.h"
#include "http/codec/path.h"
#include "http/codec/refusal.h"

namespace fairlead::http {

// Bounds of one head. What passes them is refused with 414 (target) or 431.
struct ParseLimits {
  // From the first byte to the end of the empty line.
  std::size_t head_bytes = std::size_t{64} * 1024;
  // At most kMaxTarget.
  std::size_t target_bytes = kMaxTarget;
  // At most FieldList::kCapacity.
  std::size_t max_fields = FieldList::kCapacity;
  PathPolicy paths = {};
};

struct HeadParse {
  enum class Status : std::uint8_t { complete, incomplete, refused };
  Status status = Status::incomplete;
  // Bytes of the head, up to and with the empty line; 0 unless complete.
  std::size_t consumed = 0;
  // Set where refused.
  Refusal refusal = {};
};

// Pure functions of all bytes from the start of the head on. `head` is overwritten and means something only where
// the status is complete; it then points into `bytes` or itself. A head that can no longer become valid is refused as
// soon as the offending byte is there, complete or not. More bytes never change a verdict.
//
// One empty line before a request is skipped (RFC 9112, 2.2).
HeadParse parse_request_head(std::string_view bytes, const ParseLimits& limits, RequestHead& head);

// `request_method` is that of the request which this answers: it decides about the body (RFC 9112, 6.3).
HeadParse parse_response_head(std::string_view bytes, const ParseLimits& limits, Method request_method,
                              ResponseHead& head);

// Says whether a head that was incomplete is worth parsing again: its empty line has come, a line break is wrong, or
// it has reached its limit. Looks only at bytes from `resume_at` (0 for a new head) on and moves it, so that a head
// that comes byte by byte costs one scan in all. `bytes` begins at the start of the head each time.
bool find_head_end(std::string_view bytes, const ParseLimits& limits, std::uint32_t& resume_at);

}  // namespace fairlead::http
