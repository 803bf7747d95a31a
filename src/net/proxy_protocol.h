// The PROXY protocol, versions 1 and 2: one header before the first byte of a connection, by which what stands in front
// of us says whose connection it is. (The specification is HAProxy's doc/proxy-protocol.txt.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/ip_range.h"

namespace fairlead::net {

// Both ends of a connection.
struct ConnectionEnds {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  friend bool operator==(const ConnectionEnds&, const ConnectionEnds&) = default;
};

// Empty unless both are IP addresses.
std::optional<ConnectionEnds> connection_ends(const sockaddr_storage& source, const sockaddr_storage& destination);

// What the first bytes of a connection are.
struct ProxyHeader {
  enum class Status : std::uint8_t {
    complete,
    incomplete,  // may become a header: read more
    absent,      // something else
    refused,     // begins as a header and is none
  };
  Status status = Status::incomplete;
  std::size_t consumed = 0;                 // bytes of the header where complete
  std::optional<ConnectionEnds> ends = {};  // empty where the sender speaks for itself (LOCAL, UNKNOWN)
};

// A pure function of all bytes so far; more bytes never change a verdict. A header is at most kMaxProxyHeader bytes.
inline constexpr std::size_t kMaxProxyHeader = std::size_t{4} * 1024;
ProxyHeader parse_proxy_header(std::string_view bytes);

enum class ProxyVersion : std::uint8_t { v1, v2 };

// The header to send ahead of everything else on a connection that is made for another one; without `ends`, for
// ourselves (LOCAL in version 2, UNKNOWN in version 1), so that the receiver takes the addresses that it sees.
std::string write_proxy_header(ProxyVersion version, const std::optional<ConnectionEnds>& ends);

}  // namespace fairlead::net
