#include "net/listening_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/resolver.h"
#include "net/socket_address.h"

namespace fairlead::net {

namespace {

// The kernel shortens it to net.core.somaxconn.
constexpr int kBacklog = 65'535;

ListenError error_of(int error, const Endpoint& endpoint) {
  const ListenError::Cause cause = [&] {
    switch (error) {
      case EADDRINUSE:
        return ListenError::Cause::in_use;
      case EACCES:
      case EPERM:
        return ListenError::Cause::not_permitted;
      case EADDRNOTAVAIL:
        return ListenError::Cause::not_local;
      default:
        return ListenError::Cause::other;
    }
  }();
  return {.cause = cause, .endpoint = endpoint, .detail = std::strerror(error)};
}

void set_option(int socket, int level, int name, int value) { ::setsockopt(socket, level, name, &value, sizeof value); }

// A bound socket that listens, or the errno.
std::expected<int, int> open_socket(const SocketAddress& address, bool shares_port, bool listens) {
  const int socket = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::unexpected(errno);
  if (address.family() != AF_UNIX) set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family() == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (shares_port) set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  // Connections inherit it, which saves a call for each of them.
  if (address.family() != AF_UNIX) set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  const bool is_open =
      ::bind(socket, address.get(), address.size) == 0 && (!listens || ::listen(socket, kBacklog) == 0);
  if (is_open) return socket;
  const int error = errno;
  ::close(socket);
  return std::unexpected(error);
}

// A socket file that nobody listens on any more is left over from a process that died.
void remove_stale_socket_file(const SocketAddress& address, const std::string& path) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  if (::connect(probe, address.get(), address.size) != 0 && errno == ECONNREFUSED) ::unlink(path.c_str());
  ::close(probe);
}

std::expected<std::vector<int>, ListenError> open_unix(const Endpoint& endpoint, std::size_t count) {
  const auto address = unix_address(endpoint.unix_path);
  if (!address) return std::unexpected(error_of(ENAMETOOLONG, endpoint));
  remove_stale_socket_file(*address, endpoint.unix_path);
  const auto socket = open_socket(*address, false, true);
  if (!socket) return std::unexpected(error_of(socket.error(), endpoint));
  return std::vector<int>(count, *socket);
}

std::expected<SocketAddress, ListenError> address_to_bind(const Endpoint& endpoint) {
  if (endpoint.host.empty()) {
    const SocketAddress any_v6 = *numeric_address("::", endpoint.port);
    const auto probe = open_socket(any_v6, true, false);
    if (probe) {
      ::close(*probe);
      return any_v6;
    }
    if (probe.error() != EAFNOSUPPORT && probe.error() != EADDRNOTAVAIL) {
      return std::unexpected(error_of(probe.error(), endpoint));
    }
    return *numeric_address("0.0.0.0", endpoint.port);
  }
  if (const auto address = address_without_lookup(endpoint)) return *address;
  const Lookup found = look_up(endpoint);
  if (!found.addresses.empty()) return found.addresses.front();
  return std::unexpected(ListenError{ListenError::Cause::unresolved, endpoint, found.error});
}

}  // namespace

std::expected<std::vector<int>, ListenError> open_listening_sockets(const Endpoint& endpoint, std::size_t count) {
  if (endpoint.is_unix()) return open_unix(endpoint, count);
  const auto address = address_to_bind(endpoint);
  if (!address) return std::unexpected(address.error());
  // A process that shares its port would let us in beside it: ask first without sharing. And without listening, since
  // whoever connects to a socket that goes away at once may wait for a second until it is answered.
  const auto probe = open_socket(*address, false, false);
  if (!probe) return std::unexpected(error_of(probe.error(), endpoint));
  ::close(*probe);
  std::vector<int> sockets;
  for (std::size_t index = 0; index < count; ++index) {
    const auto socket = open_socket(*address, true, true);
    if (!socket) {
      close_listening_sockets(endpoint, sockets);
      return std::unexpected(error_of(socket.error(), endpoint));
    }
    sockets.push_back(*socket);
  }
  return sockets;
}

void close_listening_sockets(const Endpoint& endpoint, const std::vector<int>& sockets) {
  if (endpoint.is_unix()) {
    if (!sockets.empty()) ::close(sockets.front());
    ::unlink(endpoint.unix_path.c_str());
    return;
  }
  for (const int socket : sockets) ::close(socket);
}

bool is_loopback(const Endpoint& endpoint) {
  return endpoint.is_unix() || endpoint.host == "localhost" || endpoint.host == "::1" ||
         (endpoint.host.starts_with("127.") && numeric_address(endpoint.host, endpoint.port));
}

}  // namespace fairlead::net
