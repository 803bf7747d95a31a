// The PROXY protocol, versions 1 and 2: one header before the first byte of a connection, by which what stands in front
// of us says whose connection it is. (The specification is HAProxy's doc/proxy-protocol.txt.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/ip_range.h"

namespace fairlead::net {

// What the first bytes of a connection are.
struct ProxyHeader {
  enum class Status : std::uint8_t {
    complete,
    incomplete,  // may become a header: read more
    absent,      // something else
    refused,     // begins as a header and is none
  };
  Status status = Status::incomplete;
  std::size_t consumed = 0;              // bytes of the header where complete
  std::optional<IpAddress> client = {};  // empty where the sender speaks for itself (LOCAL, UNKNOWN)
};

// A pure function of all bytes so far; more bytes never change a verdict. A header is at most kMaxProxyHeader bytes.
inline constexpr std::size_t kMaxProxyHeader = std::size_t{4} * 1024;
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace fairlead::net
