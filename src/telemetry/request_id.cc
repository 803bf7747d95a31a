#include "telemetry/request_id.h"

#include <algorithm>
#include <cstdint>

namespace fairlead::telemetry {
namespace {

constexpr std::string_view kPrefix = "req_";
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford: no I, L, O, U

}  // namespace

RequestId::RequestId(WallTime now, Random& random) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  // The 80 random bits, of which 16 go below the time and 64 below those.
  const std::uint64_t high = static_cast<std::uint64_t>(ms) << 16 | (random.next() >> 48);
  unsigned __int128 bits = static_cast<unsigned __int128>(high) << 64 | random.next();
  kPrefix.copy(text_.data(), kPrefix.size());
  for (std::size_t place = kLength; place > kPrefix.size(); --place) {
    text_[place - 1] = kAlphabet[static_cast<std::size_t>(bits & 31)];
    bits >>= 5;
  }
}

bool is_valid_request_id(std::string_view id) {
  return id.size() >= 8 && id.size() <= 128 && std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

}  // namespace fairlead::telemetry
