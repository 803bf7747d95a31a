// The lists of RFC 9110, 6.5.1 and 7.6.1, and what a hostile Connection field could make of them.
#include "http/codec/hop_by_hop.h"

#include <array>
#include <cstring>

namespace fairlead::http {
namespace {

// Fields that belong to one connection, whether or not Connection names them.
bool ends_here(const Field& field) {
  switch (field.id) {
    case FieldId::connection:
    case FieldId::content_length:
    case FieldId::keep_alive:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authorization:
    case FieldId::proxy_connection:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
      return true;
    case FieldId::te:
      return !equals_ignoring_case(field.value, "trailers");
    default:
      return false;
  }
}

// The id that a server finds which reads `_` as `-`.
FieldId folded_id(std::string_view name) {
  std::array<char, 32> folded;
  if (name.size() > folded.size()) return FieldId::other;
  for (std::size_t at = 0; at < name.size(); ++at) folded[at] = name[at] == '_' ? '-' : name[at];
  return classify_field({folded.data(), name.size()});
}

bool is_proxy_variable(const Field& field) {
  return field.id == FieldId::other && equals_ignoring_case(field.name, "proxy");
}

// Some servers (CGI, WSGI) read `X_Forwarded_For` or `Content_Length` as the field with dashes, which we write.
bool shadows_a_field_of_ours(const Field& field) {
  if (field.id != FieldId::other || std::memchr(field.name.data(), '_', field.name.size()) == nullptr) return false;
  const FieldId id = folded_id(field.name);
  return is_forwarding_field(id) || id == FieldId::content_length || id == FieldId::transfer_encoding ||
         id == FieldId::connection || id == FieldId::host;
}

void mark_named(const FieldList& fields, std::string_view name, FieldMarks& marks) {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const Field& field = fields[index];
    const bool is_protected = field.id == FieldId::host || field.id == FieldId::te || is_forwarding_field(field.id);
    if (!is_protected && equals_ignoring_case(field.name, name)) marks.set(index);
  }
}

}  // namespace

FieldMarks hop_by_hop_fields(const FieldList& fields) {
  FieldMarks marks;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const Field& field = fields[index];
    if (ends_here(field) || shadows_a_field_of_ours(field) || is_proxy_variable(field)) marks.set(index);
    if (field.id != FieldId::connection) continue;
    for_each_list_element(field.value, [&](std::string_view name) { mark_named(fields, name, marks); });
  }
  return marks;
}

bool is_forwarding_field(FieldId id) {
  switch (id) {
    case FieldId::forwarded:
    case FieldId::via:
    case FieldId::x_forwarded_for:
    case FieldId::x_forwarded_host:
    case FieldId::x_forwarded_port:
    case FieldId::x_forwarded_proto:
    case FieldId::x_real_ip:
    case FieldId::x_request_id:
      return true;
    default:
      return false;
  }
}

bool is_allowed_in_trailers(std::string_view name) {
  switch (const FieldId id = folded_id(name)) {
    case FieldId::age:
    case FieldId::authorization:
    case FieldId::cache_control:
    case FieldId::connection:
    case FieldId::content_encoding:
    case FieldId::content_length:
    case FieldId::content_range:
    case FieldId::content_type:
    case FieldId::cookie:
    case FieldId::date:
    case FieldId::expect:
    case FieldId::expires:
    case FieldId::host:
    case FieldId::if_match:
    case FieldId::if_modified_since:
    case FieldId::if_none_match:
    case FieldId::if_range:
    case FieldId::if_unmodified_since:
    case FieldId::keep_alive:
    case FieldId::location:
    case FieldId::max_forwards:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authorization:
    case FieldId::proxy_connection:
    case FieldId::range:
    case FieldId::retry_after:
    case FieldId::set_cookie:
    case FieldId::te:
    case FieldId::trailer:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
    case FieldId::vary:
    case FieldId::www_authenticate:
      return false;
    default:
      return !is_forwarding_field(id);
  }
}

}  // namespace fairlead::http
