// Routes that need no server: a redirect, or a fixed response.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "proxy/forwarded_request.h"
#include "proxy/options.h"

namespace fairlead::proxy {

// Fills the placeholders {host} {uri} {path} of a redirect's target. The host loses its port: it belongs to the scheme
// that the client came by. What follows from a path never names another host: it begins with one slash, unless the
// target itself begins with two. Fails with bad_request where the host is asked for and the client (of HTTP/1.0) named
// none.
Result<std::string> redirect_location(const RedirectOptions& redirect, const ForwardedRequest& request);

}  // namespace fairlead::proxy
