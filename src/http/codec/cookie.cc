#include "http/codec/cookie.h"

namespace fairlead::http {

Cookie cookie_of_set_cookie(std::string_view field) {
  const std::string_view pair = without_blanks(field.substr(0, field.find(';')));
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view name = without_blanks(pair.substr(0, equals));
  return name.empty() ? Cookie() : Cookie{pair, name, without_blanks(pair.substr(equals + 1))};
}

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
