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
  // At most one of the three is not empty; none: not sticky.
  std::string cookie;                             // the name of the cookie that we insert
  std::string header;                             // a header of the clients
  std::string learn;                              // a cookie of the app's own
  std::optional<Duration> ttl;                    // empty: until the browser is closed; see StickySessions
  CookieSecure secure = CookieSecure::automatic;  // automatic: where the client came by HTTPS
  SameSite same_site = SameSite::lax;
  OnDown on_down = OnDown::move;
  Secret secret;  // signs the cookie; empty: this machine's own
  bool is_on() const { return !cookie.empty() || is_learned(); }
  bool is_learned() const { return !header.empty() || !learn.empty(); }
  friend bool operator==(const StickyOptions&, const StickyOptions&) = default;
};

}  // namespace fairlead::pool
