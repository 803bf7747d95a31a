#include "net/endpoint_schema.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <utility>

namespace fairlead::net {
namespace {

using config::Fault;
using config::Parsed;

constexpr std::size_t kMaxUnixPath = 107;  // sockaddr_un holds 108 bytes with the NUL.
constexpr std::size_t kMaxHost = 253;      // RFC 1035, 2.3.4

std::unexpected<Fault> refuse(std::string_view code, std::string message, std::string help = {}) {
  return std::unexpected(Fault{code, std::move(message), "", std::move(help)});
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_ip(std::string_view host, int family) {
  std::array<unsigned char, 16> address{};
  return inet_pton(family, std::string(host).c_str(), address.data()) == 1;
}

bool is_ipv4(std::string_view host) { return is_ip(host, AF_INET); }

// Letters, digits and `-` between dots, `_` as container networks use it; a last label of digits would be a
// mistyped address. RFC 1123, 2.1
bool is_host_name(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (host.empty() || host.size() > kMaxHost || host.find_first_not_of(kAllowed) != std::string_view::npos)
    return false;
  if (host.starts_with('.') || host.starts_with('-') || host.find("..") != std::string_view::npos) return false;
  const std::size_t dot = host.rfind('.');
  return !is_digits(dot == std::string_view::npos ? host : host.substr(dot + 1));
}

Parsed<std::uint16_t> parse_port(std::string_view text) {
  constexpr int kMaxPort = 65535;
  if (!is_digits(text) || text.size() > 5 || std::stoi(std::string(text)) > kMaxPort ||
      std::stoi(std::string(text)) == 0)
    return refuse("F0211", fmt::format("`{}` is not a port", text), "a port is a number from 1 to 65535");
  return static_cast<std::uint16_t>(std::stoi(std::string(text)));
}

// A scheme that we can serve is taken off; the others are named.
Parsed<std::string_view> without_scheme(std::string_view text) {
  constexpr std::string_view kPlain = "http://";
  if (text.starts_with(kPlain)) {
    text.remove_prefix(kPlain.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    return text;
  }
  if (const std::size_t colons = text.find("://"); colons != std::string_view::npos)
    return refuse("F0103", fmt::format("`{}` is not supported yet", text.substr(0, colons + 3)),
                  "write the address alone, as in `10.0.1.10:3000`; it is spoken to in HTTP/1.1");
  constexpr std::array<std::string_view, 4> kKinds{"dns:", "srv:", "fd:", "file:"};
  for (const std::string_view kind : kKinds)
    if (text.starts_with(kind))
      return refuse("F0103", fmt::format("`{}` is not supported yet", kind), "write `host:port` or `unix:/path`");
  return text;
}

Parsed<Endpoint> parse_unix(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kMaxUnixPath)
    return refuse("F0211", fmt::format("`{}` is not the path of a Unix socket", path),
                  fmt::format("it begins with `/` and has at most {} bytes", kMaxUnixPath));
  return Endpoint{"", 0, std::string(path)};
}

// `host:port`, `[v6]:port` or `:port`. The host is not checked yet, except that brackets hold IPv6.
Parsed<Endpoint> split(std::string_view text) {
  if (text.find('/') != std::string_view::npos)
    return refuse("F0211", fmt::format("`{}` is not an address", text), "an address has no path: write `host:port`");
  std::string_view host;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    host = text.substr(1, close == std::string_view::npos ? close : close - 1);
    if (close == std::string_view::npos || !is_ip(host, AF_INET6))
      return refuse("F0211", fmt::format("`{}` is not an IPv6 address", text), "write it like `[::1]:80`");
    port = text.substr(close + 1);
    if (!port.starts_with(':')) return refuse("F0211", fmt::format("`{}` has no port", text), "e.g. `[::1]:80`");
    port.remove_prefix(1);
  } else {
    const std::size_t colon = text.rfind(':');
    host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    if (host.find(':') != std::string_view::npos)
      return refuse("F0211", fmt::format("`{}` is not an address", text),
                    "an IPv6 address goes in brackets: `[::1]:80`");
  }
  const Parsed<std::uint16_t> number = parse_port(port);
  if (!number) return std::unexpected(number.error());
  return Endpoint{std::string(host), *number, ""};
}

std::string print_endpoint(const Endpoint& endpoint) { return endpoint.text(); }

config::SchemaPtr endpoint_schema(std::string name, Parsed<Endpoint> (*parse)(std::string_view)) {
  config::Node types = config::Node::sequence();
  for (const char* type : {"string", "integer"}) types.children.push_back(config::Node::text(type));
  config::Node json = config::Node::mapping();
  json.add("type", std::move(types));
  return std::make_shared<config::ScalarSchema>(
      config::scalar_type<Endpoint>(std::move(name), std::move(json), parse, print_endpoint));
}

}  // namespace

config::Parsed<Endpoint> parse_listen_address(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text.substr(5));
  const auto address = without_scheme(text);
  if (!address) return std::unexpected(address.error());
  if (is_digits(*address))
    return refuse("F0211", fmt::format("`{}` does not say on which address to listen", text),
                  fmt::format("write `:{0}` for every address of this machine or `127.0.0.1:{0}` for this machine only",
                              *address));
  if (address->find(':') == std::string_view::npos)
    return refuse("F0211", fmt::format("`{}` has no port", text), "which port should clients connect to? e.g. `:8080`");
  auto endpoint = split(*address);
  if (!endpoint) return endpoint;
  if (endpoint->host == "*") endpoint->host.clear();
  const std::string& host = endpoint->host;
  if (!host.empty() && host != "localhost" && !is_ipv4(host) && !is_ip(host, AF_INET6))
    return refuse("F0211", fmt::format("`{}` is not an address of this machine", host),
                  fmt::format("write `:{}` to listen on every address", endpoint->port));
  return endpoint;
}

config::Parsed<Endpoint> parse_server_address(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text.substr(5));
  const auto address = without_scheme(text);
  if (!address) return std::unexpected(address.error());
  if (is_digits(*address)) {
    const Parsed<std::uint16_t> port = parse_port(*address);
    if (!port) return std::unexpected(port.error());
    return Endpoint{"127.0.0.1", *port, ""};
  }
  const bool has_port = address->starts_with('[') ? address->find("]:") != std::string_view::npos
                                                  : address->find(':') != std::string_view::npos;
  if (!has_port && !address->empty() && address->find('/') == std::string_view::npos)
    return refuse("F0211", fmt::format("`{}` has no port", text),
                  fmt::format("Which port does your app listen on? e.g. {}:3000", *address));
  auto endpoint = split(*address);
  if (!endpoint) return endpoint;
  const std::string& host = endpoint->host;
  if (host.empty())
    return refuse("F0211", fmt::format("`{}` names no host", text),
                  fmt::format("write `{0}` or `127.0.0.1:{0}` for a server on this machine", endpoint->port));
  if (!is_ipv4(host) && !is_ip(host, AF_INET6) && !is_host_name(host))
    return refuse("F0211", fmt::format("`{}` is not a host name or an address", host));
  return endpoint;
}

config::SchemaPtr listen_address_schema() { return endpoint_schema("listen address", parse_listen_address); }

config::SchemaPtr server_address_schema() { return endpoint_schema("server address", parse_server_address); }

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_ipv4(host));
}

}  // namespace fairlead::net
