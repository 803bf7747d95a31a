// A resolved address, as the kernel takes it: IPv4, IPv6 or the path of a Unix socket. Never looks a name up.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/endpoint.h"

namespace fairlead::net {

// Trivially copyable; compares by the bytes the kernel would see.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  // The same address with another port; without effect on a Unix socket.
  void set_port(std::uint16_t port);
  int family() const { return storage.ss_family; }
  // `1.2.3.4:80`, `[::1]:80` or `unix:/path`; `-` where it holds no address.
  std::string text() const;

  friend bool operator==(const SocketAddress& left, const SocketAddress& right);
};

// Reads a numeric IPv4 or IPv6 address; empty for a name. IPv6 without brackets, a scope such as `%eth0` not taken.
std::optional<SocketAddress> numeric_address(std::string_view host, std::uint16_t port);

// The address of a Unix socket; empty where the path is too long for the kernel (107 bytes) or empty.
std::optional<SocketAddress> unix_address(std::string_view path);

// What `endpoint` names where no lookup is needed; empty for a host name.
std::optional<SocketAddress> address_without_lookup(const Endpoint& endpoint);

}  // namespace fairlead::net
