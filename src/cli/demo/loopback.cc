#include "cli/demo/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace fairlead::cli::demo {

std::expected<net::Endpoint, net::ListenError> free_loopback_endpoint() {
  net::Endpoint endpoint{.host = "127.0.0.1"};
  const auto sockets = net::open_listening_sockets(endpoint, 1);
  if (!sockets) return std::unexpected(sockets.error());
  sockaddr_in bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(sockets->front(), reinterpret_cast<sockaddr*>(&bound), &length) == 0) {
    endpoint.port = ntohs(bound.sin_port);
  }
  net::close_listening_sockets(endpoint, *sockets);
  return endpoint;
}

}  // namespace fairlead::cli::demo
