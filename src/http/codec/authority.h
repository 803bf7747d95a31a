// The authority of a request: a host and perhaps a port (RFC 3986, 3.2), without user information.
#pragma once

#include <optional>
#include <string_view>

namespace fairlead::http {

// The host without the port; an IPv6 address keeps its brackets. Nothing where the authority is malformed. Stricter
// than RFC 3986: a name has letters, digits and `-._~` only; a port is a number up to 65535, or empty.
std::optional<std::string_view> host_of(std::string_view authority);

}  // namespace fairlead::http
