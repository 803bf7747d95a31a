// What a configuration says of stickiness: how a client is sent to the same server each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace fairlead::pool {

// A text that is never printed.
struct Secret {
  std::string text;
  friend bool operator==(const Secret&, const Secret&) = default;
};

enum class CookieSecure : std::uint8_t { automatic, on, off };
enum class SameSite : std::uint8_t { lax, strict, none };
enum class OnDown : std::uint8_t { move, fail };

struct StickyOptions {
  std::string cookie;                             // the name of the cookie that we insert; empty: not sticky
  std::optional<Duration> ttl;                    // empty: for as long as the browser is open
  CookieSecure secure = CookieSecure::automatic;  // automatic: where the client came by HTTPS
  SameSite same_site = SameSite::lax;
  OnDown on_down = OnDown::move;
  Secret secret;  // signs the cookie; empty: this machine's own
  bool is_on() const { return !cookie.empty(); }
  friend bool operator==(const StickyOptions&, const StickyOptions&) = default;
};

}  // namespace fairlead::pool
