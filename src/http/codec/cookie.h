// Reads Cookie fields: `a=1; b=2` (RFC 6265, 4.2.1), as leniently as servers do.
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

// Calls `visit` for each cookie of the value of a Cookie field.
template <typename Visit>
void for_each_cookie(std::string_view field, Visit visit) {
  while (!field.empty()) {
    const std::size_t end = field.find(';');
    std::string_view pair = field.substr(0, end);
    field = end == std::string_view::npos ? std::string_view() : field.substr(end + 1);
    while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
    while (!pair.empty() && (pair.back() == ' ' || pair.back() == '\t')) pair.remove_suffix(1);
    const std::size_t equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    const Cookie cookie{pair, pair.substr(0, equals), has_value ? pair.substr(equals + 1) : std::string_view()};
    if (!pair.empty()) visit(cookie);
  }
}

// The value of the first cookie called `name`, in any Cookie field.
std::optional<std::string_view> find_cookie(const FieldList& fields, std::string_view name);

}  // namespace fairlead::http
