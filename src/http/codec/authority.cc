// Takes authorities apart byte class by byte class; anything unexpected makes them malformed.
#include "http/codec/authority.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "http/codec/scan.h"

namespace fairlead::http {
namespace {

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && text.size() <= 5;
}

// The length of `[...]` at the start; 0 where it is not an address.
std::size_t bracketed_size(std::string_view authority) {
  const std::size_t close = authority.find(']');
  if (close == std::string_view::npos || close < 3) return 0;
  const auto belongs = [](char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F') ||
           byte == ':' || byte == '.';
  };
  return std::ranges::all_of(authority.substr(1, close - 1), belongs) ? close + 1 : 0;
}

}  // namespace

std::optional<std::string_view> host_of(std::string_view authority) {
  if (authority.empty()) return std::nullopt;
  const char* begin = authority.data();
  const std::size_t size =
      authority.front() == '['
          ? bracketed_size(authority)
          : static_cast<std::size_t>(scan::scalar::skip(scan::kHost, begin, begin + authority.size()) - begin);
  if (size == 0) return std::nullopt;
  const std::string_view rest = authority.substr(size);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
  return authority.substr(0, size);
}

}  // namespace fairlead::http
