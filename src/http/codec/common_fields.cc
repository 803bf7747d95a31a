// Content-Length, Transfer-Encoding and Connection, taken literally.
#include "http/codec/common_fields.h"

#include <charconv>
#include <limits>

namespace fairlead::http {

Rule CommonFields::take(const Field& field) {
  switch (field.id) {
    case FieldId::content_length:
      return take_length(field.value);
    case FieldId::transfer_encoding:
      return take_encoding(field.value);
    case FieldId::connection:
      return take_connection(field.value);
    default:
      return Rule::none;
  }
}

std::string_view CommonFields::upgrade(const FieldList& fields) const {
  if (!upgrade_ || minor_version_ == 0 || fields.count(FieldId::upgrade) != 1) return {};
  return fields.find(FieldId::upgrade)->value;
}

// RFC 9110, 8.6 lets a list of equal numbers pass for one; we do not.
Rule CommonFields::take_length(std::string_view value) {
  if (has_length_) return Rule::repeated_length;
  if (has_encoding_) return Rule::length_and_encoding;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length_);
  if (error != std::errc() || end != value.data() + value.size()) return Rule::bad_length;
  if (length_ > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return Rule::bad_length;
  has_length_ = true;
  return Rule::none;
}

Rule CommonFields::take_encoding(std::string_view value) {
  if (minor_version_ == 0) return Rule::encoding_in_http_1_0;
  if (has_length_) return Rule::length_and_encoding;
  if (has_encoding_) return Rule::bad_encoding;
  has_encoding_ = true;
  if (equals_ignoring_case(value, "chunked")) return Rule::none;
  // Not exactly `chunked`: unknown codings before one final chunked are well formed, all else is not.
  std::size_t coding_count = 0;
  std::size_t chunked_count = 0;
  std::string_view last;
  for_each_list_element(value, [&](std::string_view coding) {
    ++coding_count;
    chunked_count += equals_ignoring_case(coding, "chunked");
    last = coding;
  });
  const bool is_well_formed = coding_count > 1 && chunked_count == 1 && equals_ignoring_case(last, "chunked");
  return is_well_formed ? Rule::unknown_encoding : Rule::bad_encoding;
}

Rule CommonFields::take_connection(std::string_view value) {
  for_each_list_element(value, [&](std::string_view option) {
    close_ |= equals_ignoring_case(option, "close");
    keep_alive_ |= equals_ignoring_case(option, "keep-alive");
    upgrade_ |= equals_ignoring_case(option, "upgrade");
    ++connection_options_;
  });
  return connection_options_ > kMaxConnectionOptions ? Rule::too_many_connection_options : Rule::none;
}

}  // namespace fairlead::http
