// Free ports of this machine's loopback address, for what the demo starts.
#pragma once

#include <expected>

#include "net/endpoint.h"
#include "net/listening_socket.h"

namespace fairlead::cli::demo {

// An address that nobody listens on just now. The kernel gives listeners and clients different halves of its range, so
// that it is likely to stay free.
std::expected<net::Endpoint, net::ListenError> free_loopback_endpoint();

}  // namespace fairlead::cli::demo
