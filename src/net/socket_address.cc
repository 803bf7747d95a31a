#include "net/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace fairlead::net {
namespace {

// The kernel's structures are read and written by copying: `storage` holds no object of their types.
template <typename Kernel>
Kernel read_as(const SocketAddress& address) {
  Kernel kernel{};
  std::memcpy(&kernel, &address.storage, sizeof kernel);
  return kernel;
}

template <typename Kernel>
SocketAddress from_kernel(const Kernel& kernel, std::size_t size = sizeof(Kernel)) {
  SocketAddress address;
  std::memcpy(&address.storage, &kernel, sizeof kernel);
  address.size = static_cast<socklen_t>(size);
  return address;
}

std::string ip_text(int family, const void* ip) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, ip, text.data(), text.size());
  return text.data();
}

}  // namespace

void SocketAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
}

std::string SocketAddress::text() const {
  if (size == 0) return "-";
  switch (family()) {
    case AF_INET: {
      const auto ipv4 = read_as<sockaddr_in>(*this);
      return fmt::format("{}:{}", ip_text(AF_INET, &ipv4.sin_addr), ntohs(ipv4.sin_port));
    }
    case AF_INET6: {
      const auto ipv6 = read_as<sockaddr_in6>(*this);
      return fmt::format("[{}]:{}", ip_text(AF_INET6, &ipv6.sin6_addr), ntohs(ipv6.sin6_port));
    }
    case AF_UNIX: {
      const auto local = read_as<sockaddr_un>(*this);
      return fmt::format("unix:{}", std::string_view(local.sun_path, ::strnlen(local.sun_path, sizeof local.sun_path)));
    }
    default:
      return "-";
  }
}

bool operator==(const SocketAddress& left, const SocketAddress& right) {
  return left.size == right.size && std::memcmp(&left.storage, &right.storage, left.size) == 0;
}

std::optional<SocketAddress> numeric_address(std::string_view host, std::uint16_t port) {
  // inet_pton wants a terminated string; nothing longer than this is an address.
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size()) return std::nullopt;
  host.copy(text.data(), host.size());

  sockaddr_in ipv4{};
  if (::inet_pton(AF_INET, text.data(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    return from_kernel(ipv4);
  }
  sockaddr_in6 ipv6{};
  if (::inet_pton(AF_INET6, text.data(), &ipv6.sin6_addr) == 1) {
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    return from_kernel(ipv6);
  }
  return std::nullopt;
}

std::optional<SocketAddress> unix_address(std::string_view path) {
  sockaddr_un local{};
  if (path.empty() || path.size() >= sizeof local.sun_path) return std::nullopt;
  local.sun_family = AF_UNIX;
  path.copy(local.sun_path, path.size());
  return from_kernel(local, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

std::optional<SocketAddress> address_without_lookup(const Endpoint& endpoint) {
  return endpoint.is_unix() ? unix_address(endpoint.unix_path) : numeric_address(endpoint.host, endpoint.port);
}

}  // namespace fairlead::net
