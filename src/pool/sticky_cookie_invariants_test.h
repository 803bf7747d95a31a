// What must hold for any value of the sticky cookie: the fuzzer looks for input that breaks it, the unit tests replay
// the corpus.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "pool/sticky_cookie.h"
#include "pool/test_servers.h"

namespace fairlead::pool::invariants {

using Verdict = StickyReading::Verdict;

inline std::string value_of(std::string_view set_cookie) {
  const std::size_t begin = set_cookie.find('=') + 1;
  return std::string(set_cookie.substr(begin, set_cookie.find(';') - begin));
}

// What the first bytes of an input choose.
struct StickyCase {
  std::uint8_t server;
  std::uint8_t attributes;
  std::uint16_t ttl;      // 0: none
  std::uint32_t elapsed;  // seconds between the issue and the reading
};

inline StickyOptions options_of(const StickyCase& chosen) {
  StickyOptions options{.cookie = "fairlead"};
  if (chosen.ttl != 0) options.ttl = std::chrono::seconds(chosen.ttl);
  options.secure = static_cast<CookieSecure>(chosen.attributes % 3);
  options.same_site = static_cast<SameSite>(chosen.attributes / 3 % 3);
  options.secret.text = "0123456789abcdef";
  return options;
}

// A cookie that we issue is read as what it is, until its time is over.
inline std::string check_issued(const StickyCookie& cookie, const Server& server, const StickyCase& chosen) {
  constexpr WallTime kIssued{std::chrono::seconds(1'700'000'000)};
  const std::string field = cookie.issue(server, kIssued, chosen.attributes % 2 == 0);
  FAIRLEAD_ASSERT(std::ranges::none_of(field, [](char byte) { return byte < 0x20 || byte == 0x7f || byte == ','; }));
  const std::string value = value_of(field);
  const StickyReading reading = cookie.read(value, kIssued + std::chrono::seconds(chosen.elapsed));
  const bool is_over = chosen.ttl != 0 && chosen.elapsed >= chosen.ttl;
  FAIRLEAD_ASSERT(reading.verdict == (is_over ? Verdict::stale : Verdict::genuine));
  FAIRLEAD_ASSERT(reading.server == (is_over ? nullptr : &server));
  FAIRLEAD_ASSERT(is_over || reading.is_ageing == (chosen.ttl != 0 && 2 * (chosen.ttl - chosen.elapsed) < chosen.ttl));
  return value;
}

// The input: a case, then places and letters that change the cookie, which make it a forgery unless they change
// nothing. The input itself, as a value, is a forgery too, unless it was ours.
inline void check_sticky_cookie(std::string_view input) {
  static const TestServers servers{3};
  static const std::vector<Member> members = servers.members();
  StickyCase chosen{};
  std::memcpy(&chosen, input.data(), std::min(input.size(), sizeof chosen));
  const StickyCookie cookie(options_of(chosen), "web", members);
  const std::string value = check_issued(cookie, servers[chosen.server % servers.size()], chosen);
  constexpr WallTime kLater{std::chrono::seconds(1'700'000'001)};

  // A fuzzer that watches comparisons learns what we issue, and nothing else.
  FAIRLEAD_ASSERT(cookie.read(input, kLater).verdict == Verdict::forged || input.size() == value.size());
  std::string changed = value;
  for (std::size_t at = sizeof chosen; at + 1 < input.size(); at += 2) {
    const std::size_t place = static_cast<unsigned char>(input[at]);
    if (place < changed.size())
      changed[place] = input[at + 1];
    else if (place % 2 == 0)
      changed.push_back(input[at + 1]);
    else
      changed.resize(std::min(changed.size(), place / 2));
    const StickyReading reading = cookie.read(changed, kLater);
    FAIRLEAD_ASSERT(changed == value || reading.verdict == Verdict::forged);
    FAIRLEAD_ASSERT(changed == value || reading.server == nullptr);
  }
}

}  // namespace fairlead::pool::invariants
