#include "net/ip_range.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"

namespace fairlead::net {

namespace {

constexpr std::size_t kV4Size = 4;
constexpr std::size_t kV6Size = 16;
constexpr std::size_t kMappedPrefix = kV6Size - kV4Size;
constexpr unsigned kBitsPerByte = 8;
constexpr std::uint8_t kMappedBits = kMappedPrefix * kBitsPerByte;
constexpr std::array<std::uint8_t, kMappedPrefix> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<IpRange> named(std::string_view word) {
  // RFC 1918, RFC 6598 is not among them: carriers share it with strangers. RFC 4193 for IPv6.
  constexpr std::array<std::string_view, 4> kPrivate{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};
  constexpr std::array<std::string_view, 2> kLoopback{"127.0.0.0/8", "::1"};
  const std::span<const std::string_view> texts = word == "private"    ? std::span<const std::string_view>(kPrivate)
                                                  : word == "loopback" ? std::span<const std::string_view>(kLoopback)
                                                                       : std::span<const std::string_view>();
  std::vector<IpRange> ranges;
  IpGroupFault fault;
  for (const std::string_view text : texts) ranges.push_back(parse_ip_group(text, fault)->ranges.front());
  return ranges;
}

std::uint8_t mask_of(unsigned bits) { return static_cast<std::uint8_t>(0xFF00U >> bits); }

// The address with all bits behind the mask at zero.
IpAddress masked(const IpAddress& address, unsigned bits) {
  std::array<std::uint8_t, kV6Size> bytes = address.bytes();
  for (unsigned index = 0; index < kV6Size; ++index) {
    const unsigned first = index * kBitsPerByte;
    if (first >= bits) {
      bytes[index] = 0;
    } else if (bits - first < kBitsPerByte) {
      bytes[index] &= mask_of(bits - first);
    }
  }
  return IpAddress::of_bytes(bytes);
}

}  // namespace

IpAddress IpAddress::of_bytes(std::span<const std::uint8_t> bytes) {
  FAIRLEAD_ASSERT(bytes.size() == kV4Size || bytes.size() == kV6Size);
  IpAddress address;
  if (bytes.size() == kV4Size) std::ranges::copy(kMapped, address.bytes_.begin());
  std::ranges::copy(bytes, address.bytes_.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton wants a terminator.
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
  // It would not see what follows one of the text's own.
  if (text.contains('\0')) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  std::array<std::uint8_t, kV6Size> bytes{};
  if (::inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) return of_bytes(std::span(bytes).first(kV4Size));
  if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return of_bytes(bytes);
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return of_bytes({reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), kV4Size});
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    return of_bytes({reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr), kV6Size});
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const {
  constexpr std::uint8_t kLoopbackNet = 127;
  if (is_v4()) return bytes_[kMappedPrefix] == kLoopbackNet;
  return bytes_.back() == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const bool v4 = is_v4();
  const std::uint8_t* from = bytes_.data() + (v4 ? kMappedPrefix : 0);
  return ::inet_ntop(v4 ? AF_INET : AF_INET6, from, buffer.data(), static_cast<socklen_t>(buffer.size()));
}

bool IpRange::contains(const IpAddress& address) const { return masked(address, bits) == base; }

std::optional<IpGroup> parse_ip_group(std::string_view text, IpGroupFault& fault) {
  if (std::vector<IpRange> ranges = named(text); !ranges.empty()) return IpGroup{std::string(text), std::move(ranges)};
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    fault = {fmt::format("`{}` is not an address or a range of them", text),
             "write `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`, `loopback` or `private`"};
    return std::nullopt;
  }
  IpRange range{*address};
  if (slash != std::string_view::npos) {
    const std::optional<unsigned> bits = number(text.substr(slash + 1));
    const unsigned most = address->is_v4() ? 32 : 128;
    if (!bits || *bits > most) {
      fault = {fmt::format("`{}` is not the size of a network", text.substr(slash)),
               fmt::format("from /0 to /{}", most)};
      return std::nullopt;
    }
    range.bits = static_cast<std::uint8_t>(*bits + (address->is_v4() ? kMappedBits : 0));
  }
  if (masked(*address, range.bits) != *address) {
    fault = {fmt::format("`{}` is an address within a network, not the network", text),
             fmt::format("did you mean `{}{}`?", masked(*address, range.bits).text(), text.substr(slash))};
    return std::nullopt;
  }
  return IpGroup{std::string(text), {range}};
}

IpSet::IpSet(std::span<const IpGroup> groups) {
  for (const IpGroup& group : groups) ranges_.insert(ranges_.end(), group.ranges.begin(), group.ranges.end());
}

bool IpSet::contains(const IpAddress& address) const {
  return std::ranges::any_of(ranges_, [&](const IpRange& range) { return range.contains(address); });
}

}  // namespace fairlead::net
