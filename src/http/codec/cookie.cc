#include "http/codec/cookie.h"

namespace fairlead::http {

std::optional<std::string_view> find_cookie(const FieldList& fields, std::string_view name) {
  std::optional<std::string_view> found;
  if (!fields.has(FieldId::cookie)) return found;
  for (std::size_t index = 0; index < fields.size() && !found; ++index) {
    if (fields[index].id != FieldId::cookie) continue;
    for_each_cookie(fields[index].value, [&](const Cookie& cookie) {
      if (!found && cookie.name == name) found = cookie.value;
    });
  }
  return found;
}

}  // namespace fairlead::http
