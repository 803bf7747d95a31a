// An address as people write it: a host and a port, or the path of a Unix socket. Not yet resolved.
#pragma once

#include <cstdint>
#include <string>

namespace fairlead::net {

// What `listen`, `to` and `servers` name. An empty host means every local address (listeners only).
struct Endpoint {
  std::string host;        // a name, an IPv4 or an IPv6 address without brackets
  std::uint16_t port = 0;  // 0 where `unix_path` is set
  std::string unix_path;   // empty unless this is a Unix socket

  bool is_unix() const { return !unix_path.empty(); }
  // `host:port`, `[v6]:port`, `:port` or `unix:/path`: the form that is parsed back, and a server's default name.
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace fairlead::net
