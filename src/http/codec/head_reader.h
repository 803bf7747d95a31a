// The parts that the request and the response parser share. Internal to the codec.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "http/codec/field_line.h"
#include "http/codec/head_parser.h"

namespace fairlead::http {

// How far a part of a head got: read whole, not all there yet, or broken.
struct Progress {
  HeadParse::Status status;
  Rule rule = Rule::none;
  bool is_complete() const { return status == HeadParse::Status::complete; }
};

inline constexpr Progress kComplete{HeadParse::Status::complete};
inline constexpr Progress kIncomplete{HeadParse::Status::incomplete};
constexpr Progress refused(Rule rule) { return {HeadParse::Status::refused, rule}; }

// Reads a head from its start. It never looks at bytes beyond the limit, so that a head is too large by the same rule
// whether or not its end is there.
class HeadReader {
 public:
  HeadReader(std::string_view bytes, const ParseLimits& limits)
      : at(bytes.data()),
        end(at + std::min(bytes.size(), limits.head_bytes)),
        begin_(at),
        is_cut_(bytes.size() >= limits.head_bytes),
        max_fields_(limits.max_fields) {}

  // `HTTP/1.0` or `HTTP/1.1`. Other versions are refused, as unsupported or as malformed.
  Progress read_version(std::uint8_t& minor);
  // The end of a line; `otherwise` is the rule where something else stands there.
  Progress read_line_end(Rule otherwise);
  // All fields and the empty line; `take` sees each field and may refuse it.
  template <typename Take>
  Progress read_fields(FieldList& fields, Take take);
  // The verdict of the whole parse.
  HeadParse verdict(Progress progress) const;

  // What is not read yet.
  const char* at;
  const char* const end;

 private:
  const char* begin_;
  bool is_cut_;
  std::size_t max_fields_;
};

template <typename Take>
Progress HeadReader::read_fields(FieldList& fields, Take take) {
  while (true) {
    const FieldLine line = parse_field_line(at, end);
    switch (line.kind) {
      case FieldLine::Kind::incomplete:
        return kIncomplete;
      case FieldLine::Kind::refused:
        return refused(line.rule);
      case FieldLine::Kind::empty_line:
        at = line.next;
        return kComplete;
      case FieldLine::Kind::field:
        break;
    }
    at = line.next;
    if (fields.size() >= max_fields_ || !fields.add(line.field)) return refused(Rule::too_many_fields);
    if (const Rule rule = take(line.field); rule != Rule::none) return refused(rule);
  }
}

}  // namespace fairlead::http
