#include "proxy/hash_key.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hash.h"
#include "http/codec/cookie.h"

namespace fairlead::proxy {
namespace {

using pool::HashKey;

// The value of the first parameter called `name`, as sent, not decoded.
std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

std::string_view header_value(const http::RequestHead& head, std::string_view name) {
  const http::Field* field = head.fields.find(name);
  return field == nullptr ? std::string_view() : field->value;
}

// `10.1.2` of `10.1.2.3`; an IPv6 address as a whole, as nginx's ip_hash has it.
std::string_view network_of(std::string_view ip) {
  return ip.find(':') == std::string_view::npos ? ip.substr(0, ip.rfind('.')) : ip;
}

// Hosts are the same in any case (RFC 9110, 4.2.3). A name has 253 characters at most; what follows is left out.
std::uint64_t hash_of_host(std::string_view host) {
  std::array<char, 256> lower;
  host = host.substr(0, lower.size());
  std::ranges::transform(host, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return hash_bytes({lower.data(), host.size()});
}

}  // namespace

std::uint64_t key_hash(const HashKey& key, const http::RequestHead& head, std::string_view client_ip, Random& random) {
  const auto text = [&]() -> std::string_view {
    switch (key.kind) {
      case HashKey::Kind::client_ip:
        return client_ip;
      case HashKey::Kind::client_net:
        return network_of(client_ip);
      case HashKey::Kind::header:
        return header_value(head, key.name);
      case HashKey::Kind::cookie:
        return http::find_cookie(head.fields, key.name).value_or(std::string_view());
      case HashKey::Kind::query:
        return query_value(head.query, key.name);
      case HashKey::Kind::path:
        return head.path;
      case HashKey::Kind::host:
        return head.host;
    }
    return {};
  }();
  if (text.empty()) return random.next();
  return key.kind == HashKey::Kind::host ? hash_of_host(text) : hash_bytes(text);
}

}  // namespace fairlead::proxy
