#include "proxy/local_response.h"

#include <algorithm>

namespace fairlead::proxy {

namespace {

std::string_view without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? authority.substr(0, colon) : authority;
}

// Two slashes at the beginning would make a part of the path the name of another host (RFC 3986, 4.2).
void keep_to_one_slash(std::string& location) {
  const std::size_t slashes = std::min(location.find_first_not_of('/'), location.size());
  if (slashes > 1) location.erase(0, slashes - 1);
}

}  // namespace

Result<std::string> redirect_location(const RedirectOptions& redirect, const ForwardedRequest& request) {
  // `OPTIONS *` asks for the whole server.
  const std::string_view target = request.target() == "*" ? std::string_view("/") : request.target();
  std::string location;
  std::string_view rest = redirect.to;
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    location += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open);
    const std::string_view name = rest.substr(0, rest.find('}') + 1);
    if (name == "{host}") {
      if (request.authority().empty()) {
        return std::unexpected(Error{.code = ErrorCode::bad_request,
                                     .blame = Blame::downstream,
                                     .detail = "a redirect to the same host, and the request names no host"});
      }
      location += without_port(request.authority());
    } else if (name == "{uri}") {
      location += target;
    } else if (name == "{path}") {
      location += target.substr(0, target.find('?'));
    } else {
      location += name;
    }
    rest.remove_prefix(name.size());
  }
  if (!redirect.to.starts_with("//")) keep_to_one_slash(location);
  return location;
}

}  // namespace fairlead::proxy
