// Request methods and what RFC 9110 promises of them.
#pragma once

#include <cstdint>
#include <string_view>

namespace fairlead::http {

// The methods of RFC 9110, 9.3, and PATCH (RFC 5789). Every other token is `other` and keeps its own text.
enum class Method : std::uint8_t { get, head, post, put, delete_, connect, options, trace, patch, other };

// Method names are case-sensitive (RFC 9110, 9.1): `get` is `other`.
Method method_of(std::string_view text);

// The name as it is sent; empty for `other`.
std::string_view text(Method method);

// RFC 9110, 9.2.1: the client asks for no change. `other` is not safe.
constexpr bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options || method == Method::trace;
}

// RFC 9110, 9.2.2: doing it twice is the same as doing it once. `other` is not idempotent.
constexpr bool is_idempotent(Method method) {
  return is_safe(method) || method == Method::put || method == Method::delete_;
}

}  // namespace fairlead::http
