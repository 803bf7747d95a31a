#include "net/proxy_protocol.h"

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

bool may_become(std::string_view bytes, std::string_view signature) {
  const std::size_t common = std::min(bytes.size(), signature.size());
  return bytes.substr(0, common) == signature.substr(0, common);
}

bool is_port(std::string_view text) {
  constexpr std::size_t kMaxDigits = 5;
  constexpr unsigned kMaxPort = 65535;
  if (text.empty() || text.size() > kMaxDigits || (text.size() > 1 && text.front() == '0')) return false;
  unsigned port = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    port = port * 10 + static_cast<unsigned>(digit - '0');
  }
  return port <= kMaxPort;
}

// `TCP4 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT`, each after a single space.
std::optional<IpAddress> source_of_line(std::string_view line) {
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
  if (!from || !to || !is_port(source_port) || !is_port(destination_port)) return std::nullopt;
  const bool written_as_v4 = source.find(':') == std::string_view::npos;
  return written_as_v4 == wants_v4 ? from : std::nullopt;
}

ProxyHeader parse_line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kMaxLine).find("\r\n");
  if (end == std::string_view::npos) return {bytes.size() >= kMaxLine ? Status::refused : Status::incomplete};
  const std::string_view line = bytes.substr(kSignature1.size(), end - kSignature1.size());
  ProxyHeader header{Status::complete, end + 2};
  // What follows UNKNOWN must be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  header.client = source_of_line(line);
  return header.client ? header : ProxyHeader{Status::refused};
}

ProxyHeader parse_binary(std::string_view bytes) {
  constexpr std::size_t kFixed = 16;
  constexpr unsigned kVersion = 2;
  constexpr unsigned kLocal = 0;
  constexpr unsigned kProxy = 1;
  constexpr unsigned kInet = 1;
  constexpr unsigned kInet6 = 2;
  constexpr std::size_t kInetSize = 12;
  constexpr std::size_t kInet6Size = 36;
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
  header.client = IpAddress::of_bytes(addresses.first(family == kInet ? 4 : 16));
  return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.starts_with(kSignature1)) return parse_line(bytes);
  if (bytes.starts_with(kSignature2)) return parse_binary(bytes);
  // `P` begins POST and PUT too, and CR an empty line: both are told apart as soon as they differ.
  const bool may_be = may_become(bytes, kSignature1) || may_become(bytes, kSignature2);
  return {may_be ? Status::incomplete : Status::absent};
}

}  // namespace fairlead::net
