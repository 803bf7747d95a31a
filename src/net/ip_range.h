// IP addresses and ranges of them (CIDR), for deciding whose word is taken.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::net {

// IPv4 or IPv6 alike: an IPv4 address is kept as the IPv6 address that is mapped from it (RFC 4291, 2.5.5.2).
class IpAddress {
 public:
  IpAddress() = default;
  // `1.2.3.4` or `::1`, without brackets, port or scope.
  static std::optional<IpAddress> parse(std::string_view text);
  // Empty for other families, such as that of Unix sockets.
  static std::optional<IpAddress> of(const sockaddr_storage& address);
  // From the bytes that a network message holds: 4 or 16 of them.
  static IpAddress of_bytes(std::span<const std::uint8_t> bytes);

  bool is_v4() const;
  bool is_loopback() const;
  // An IPv4 address as `1.2.3.4`, mapped or not.
  std::string text() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// All addresses whose first `bits` bits are those of `base`.
struct IpRange {
  IpAddress base;
  std::uint8_t bits = 128;  // of 128, for IPv4 too

  bool contains(const IpAddress& address) const;
  friend bool operator==(const IpRange&, const IpRange&) = default;
};

// Ranges as one word of a configuration names them: `10.0.0.0/8`, `::1`, `loopback`, `private`.
struct IpGroup {
  std::string text;
  std::vector<IpRange> ranges;
  friend bool operator==(const IpGroup&, const IpGroup&) = default;
};

// The reason where `text` names no group. Bits beyond the mask must be zero.
struct IpGroupFault {
  std::string message;
  std::string help;
};
std::optional<IpGroup> parse_ip_group(std::string_view text, IpGroupFault& fault);

// What a list of groups holds.
class IpSet {
 public:
  IpSet() = default;
  explicit IpSet(std::span<const IpGroup> groups);

  bool empty() const { return ranges_.empty(); }
  bool contains(const IpAddress& address) const;

 private:
  std::vector<IpRange> ranges_;
};

}  // namespace fairlead::net
