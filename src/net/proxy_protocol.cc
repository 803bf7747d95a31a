#include "net/proxy_protocol.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <span>

namespace fairlead::net {

namespace {

using Status = ProxyHeader::Status;

constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::string_view kSignature2{"\r\n\r\n\0\r\nQUIT\n", 12};
// With the line end.
constexpr std::size_t kMaxLine = 107;

// Of version 2.
constexpr std::size_t kFixed = 16;  // before the addresses
constexpr unsigned kVersion = 2;
constexpr unsigned kLocal = 0;
constexpr unsigned kProxy = 1;
constexpr unsigned kInet = 1;
constexpr unsigned kInet6 = 2;
constexpr unsigned kStream = 1;
constexpr std::size_t kInetSize = 12;
constexpr std::size_t kInet6Size = 36;

bool may_become(std::string_view bytes, std::string_view signature) {
  const std::size_t common = std::min(bytes.size(), signature.size());
  return bytes.substr(0, common) == signature.substr(0, common);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  constexpr std::size_t kMaxDigits = 5;
  constexpr unsigned kMaxPort = 65535;
  if (text.empty() || text.size() > kMaxDigits || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned port = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    port = port * 10 + static_cast<unsigned>(digit - '0');
  }
  return port <= kMaxPort ? std::optional(static_cast<std::uint16_t>(port)) : std::nullopt;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                                            : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

// `TCP4 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT`, each after a single space.
std::optional<ConnectionEnds> ends_of_line(std::string_view line) {
  std::array<std::string_view, 5> parts;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    const std::size_t space = line.find(' ');
    if ((space == std::string_view::npos) != (index + 1 == parts.size())) return std::nullopt;
    parts[index] = line.substr(0, space);
    line.remove_prefix(std::min(line.size(), parts[index].size() + 1));
  }
  const auto& [family, source, destination, source_port, destination_port] = parts;
  if (family != "TCP4" && family != "TCP6") return std::nullopt;
  const bool wants_v4 = family == "TCP4";
  const std::optional<IpAddress> from = IpAddress::parse(source);
  const std::optional<IpAddress> to = IpAddress::parse(destination);
  const std::optional<std::uint16_t> from_port = parse_port(source_port);
  const std::optional<std::uint16_t> to_port = parse_port(destination_port);
  if (!from || !to || !from_port || !to_port) return std::nullopt;
  for (const std::string_view address : {source, destination})
    if (address.contains(':') == wants_v4) return std::nullopt;
  return ConnectionEnds{*from, *to, *from_port, *to_port};
}

ProxyHeader parse_line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kMaxLine).find("\r\n");
  if (end == std::string_view::npos) return {bytes.size() >= kMaxLine ? Status::refused : Status::incomplete};
  const std::string_view line = bytes.substr(kSignature1.size(), end - kSignature1.size());
  ProxyHeader header{Status::complete, end + 2};
  // What follows UNKNOWN must be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  header.ends = ends_of_line(line);
  return header.ends ? header : ProxyHeader{Status::refused};
}

ProxyHeader parse_binary(std::string_view bytes) {
  if (bytes.size() < kFixed) return {};
  const auto byte_at = [&](std::size_t index) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[index]));
  };
  const unsigned version = byte_at(12) >> 4U;
  const unsigned command = byte_at(12) & 0x0FU;
  const unsigned family = byte_at(13) >> 4U;
  const std::size_t size = byte_at(14) * 256 + byte_at(15);
  if (version != kVersion || command > kProxy || kFixed + size > kMaxProxyHeader) return {Status::refused};
  if (bytes.size() < kFixed + size) return {};

  ProxyHeader header{Status::complete, kFixed + size};
  const std::span addresses(reinterpret_cast<const std::uint8_t*>(bytes.data()) + kFixed, size);
  if (command == kLocal || (family != kInet && family != kInet6)) return header;
  if (size < (family == kInet ? kInetSize : kInet6Size)) return {Status::refused};
  const std::size_t length = family == kInet ? 4 : 16;
  const auto port_at = [&](std::size_t index) {
    return static_cast<std::uint16_t>(addresses[index] * 256 + addresses[index + 1]);
  };
  header.ends = {IpAddress::of_bytes(addresses.first(length)), IpAddress::of_bytes(addresses.subspan(length, length)),
                 port_at(2 * length), port_at(2 * length + 2)};
  return header;
}

std::string write_line(const std::optional<ConnectionEnds>& ends) {
  if (!ends) return "PROXY UNKNOWN\r\n";
  const bool is_v4 = ends->source.is_v4() && ends->destination.is_v4();
  // An IPv4 address beside an IPv6 one is written as mapped.
  const auto text = [&](const IpAddress& address) {
    return (!is_v4 && address.is_v4() ? "::ffff:" : "") + address.text();
  };
  return fmt::format("PROXY {} {} {} {} {}\r\n", is_v4 ? "TCP4" : "TCP6", text(ends->source), text(ends->destination),
                     ends->source_port, ends->destination_port);
}

std::string write_binary(const std::optional<ConnectionEnds>& ends) {
  std::string header(kSignature2);
  const auto add_byte = [&](std::size_t value) { header.push_back(static_cast<char>(value)); };
  const auto add_number = [&](std::size_t value) {
    add_byte(value >> 8U);
    add_byte(value & 0xFFU);
  };
  add_byte(kVersion << 4U | (ends ? kProxy : kLocal));
  if (!ends) {
    add_byte(0);
    add_number(0);
    return header;
  }
  const bool is_v4 = ends->source.is_v4() && ends->destination.is_v4();
  add_byte((is_v4 ? kInet : kInet6) << 4U | kStream);
  add_number(is_v4 ? kInetSize : kInet6Size);
  for (const IpAddress* address : {&ends->source, &ends->destination})
    for (const std::uint8_t byte : std::span(address->bytes()).subspan(is_v4 ? 12 : 0)) add_byte(byte);
  add_number(ends->source_port);
  add_number(ends->destination_port);
  return header;
}

}  // namespace

std::optional<ConnectionEnds> connection_ends(const sockaddr_storage& source, const sockaddr_storage& destination) {
  const std::optional<IpAddress> from = IpAddress::of(source);
  const std::optional<IpAddress> to = IpAddress::of(destination);
  if (!from || !to) return std::nullopt;
  return ConnectionEnds{*from, *to, port_of(source), port_of(destination)};
}

std::string write_proxy_header(ProxyVersion version, const std::optional<ConnectionEnds>& ends) {
  return version == ProxyVersion::v1 ? write_line(ends) : write_binary(ends);
}

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.starts_with(kSignature1)) return parse_line(bytes);
  if (bytes.starts_with(kSignature2)) return parse_binary(bytes);
  // `P` begins POST and PUT too, and CR an empty line: both are told apart as soon as they differ.
  const bool may_be = may_become(bytes, kSignature1) || may_become(bytes, kSignature2);
  return {may_be ? Status::incomplete : Status::absent};
}

}  // namespace fairlead::net
