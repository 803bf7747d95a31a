// One line of a head or of a trailer section (RFC 9112, 5), parsed strictly. Internal to the codec.
#pragma once

#include "http/codec/field.h"
#include "http/codec/refusal.h"

namespace fairlead::http {

// What stands at the start of the given bytes.
struct FieldLine {
  enum class Kind : std::uint8_t { field, empty_line, incomplete, refused };
  Kind kind;
  Rule rule = Rule::none;
  // After the line, with `field` and `empty_line`.
  const char* next = nullptr;
  Field field = {};
};

// Finds a breach of the rules as soon as its byte is there.
FieldLine parse_field_line(const char* at, const char* end);

}  // namespace fairlead::http
