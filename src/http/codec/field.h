// Header fields as views into the bytes they were parsed from, and the names that a proxy has to know.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/assert.h"

namespace fairlead::http {

// The fields that some rule of ours speaks of. All others are `other` and pass untouched.
enum class FieldId : std::uint8_t {
  other,
  accept,
  accept_encoding,
  age,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_range,
  content_type,
  cookie,
  date,
  etag,
  expect,
  expires,
  forwarded,
  host,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  last_modified,
  location,
  max_forwards,
  origin,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  retry_after,
  sec_websocket_accept,
  sec_websocket_key,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  www_authenticate,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_port,
  x_forwarded_proto,
  x_real_ip,
  x_request_id,
  count_,
};

inline constexpr std::size_t kFieldIds = static_cast<std::size_t>(FieldId::count_);

// Finds the id of a field name, in any case. `name` must be a token (RFC 9110, 5.6.2).
FieldId classify_field(std::string_view name);

// The name in lower case; empty for `other`.
std::string_view name_of(FieldId id);

// Compares field names, hosts and list tokens: ASCII letters in any case.
bool equals_ignoring_case(std::string_view left, std::string_view right);

// One field line without its white space. The views point into the caller's bytes.
struct Field {
  std::string_view name;
  std::string_view value;
  FieldId id = FieldId::other;
};

// The fields of one message in the order in which they came, in place: no allocation, never more than kCapacity.
// Reused from message to message; `clear` costs nothing.
class FieldList {
 public:
  static constexpr std::size_t kCapacity = 128;

  void clear() {
    size_ = 0;
    present_ = 0;
  }

  // False where the list is full; the field is then not taken.
  bool add(const Field& field) {
    if (size_ == kCapacity) return false;
    fields_[size_++] = field;
    present_ |= bit(field.id);
    return true;
  }

  bool has(FieldId id) const { return (present_ & bit(id)) != 0; }
  // The first field of that name, or null. By id it costs one test where the field is absent.
  const Field* find(FieldId id) const;
  const Field* find(std::string_view name) const;
  // How often a field occurs.
  std::size_t count(FieldId id) const;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field& operator[](std::size_t index) const {
    FAIRLEAD_ASSERT(index < size_);
    return fields_[index];
  }
  const Field* begin() const { return fields_.data(); }
  const Field* end() const { return fields_.data() + size_; }

 private:
  static constexpr std::uint64_t bit(FieldId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }
  static_assert(kFieldIds <= 64);

  std::size_t size_ = 0;
  std::uint64_t present_ = 0;
  std::array<Field, kCapacity> fields_;
};

// Calls `visit(element)` for each element of a comma-separated list (RFC 9110, 5.6.1), without white space and
// without empty elements. Quoted strings are not understood: for lists of tokens only.
template <typename Visit>
void for_each_list_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
    if (!element.empty()) visit(element);
  }
}

}  // namespace fairlead::http
