// Reads Cookie and Set-Cookie fields: `a=1; b=2` (RFC 6265, 4.2.1), as leniently as servers and browsers do.
#pragma once

#include <optional>
#include <string_view>

#include "http/codec/field.h"

namespace fairlead::http {

// `text` is the pair as it came, without white space around it.
struct Cookie {
  std::string_view text;
  std::string_view name;
  std::string_view value;
};

// `text` without white space around it.
constexpr std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `visit` for each cookie of the value of a Cookie field.
template <typename Visit>
void for_each_cookie(std::string_view field, Visit visit) {
  while (!field.empty()) {
    const std::size_t end = field.find(';');
    const std::string_view pair = without_blanks(field.substr(0, end));
    field = end == std::string_view::npos ? std::string_view() : field.substr(end + 1);
    const std::size_t equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    const Cookie cookie{pair, pair.substr(0, equals), has_value ? pair.substr(equals + 1) : std::string_view()};
    if (!pair.empty()) visit(cookie);
  }
}

// The cookie that a Set-Cookie field sets, as a browser will send it back (RFC 6265, 5.2); empty where it sets none.
Cookie cookie_of_set_cookie(std::string_view field);

// The value of the first cookie called `name`, in any Cookie field.
std::optional<std::string_view> find_cookie(const FieldList& fields, std::string_view name);

}  // namespace fairlead::http
