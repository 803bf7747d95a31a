// The stickiness of one exchange: reads the client's cookie, says which server it wants, and renews the cookie.
#pragma once

#include <string_view>

#include "base/time.h"
#include "http/codec/message.h"
#include "http/codec/serializer.h"
#include "pool/sticky_cookie.h"
#include "proxy/context.h"

namespace fairlead::proxy {

class Stickiness {
 public:
  // Reads the cookie of `head`, if any, and counts one that is not good. `cookie` outlives it; null: not sticky.
  void begin(const pool::StickyCookie* cookie, const http::RequestHead& head, WallTime now, bool is_https,
             Counters& counters);

  // The cookie is ours: servers do not see it. Empty where there is none.
  std::string_view hidden_cookie() const { return cookie_ == nullptr ? std::string_view() : cookie_->options().cookie; }
  // The server that the client comes back to, or null.
  pool::Server* wanted() const { return reading_.server; }
  // Whether only that server will do.
  bool is_bound() const { return wanted() != nullptr && cookie_->options().on_down == pool::OnDown::fail; }
  // The server has no room just now: whoever serves instead is no new home for the client.
  void stay_away() { keeps_cookie_ = true; }

  // Appends the Set-Cookie field that a response of `server` needs, if it does.
  void write(http::BufferWriter& writer, const pool::Server& server) const;

 private:
  const pool::StickyCookie* cookie_ = nullptr;
  pool::StickyReading reading_;
  WallTime now_{};
  bool is_https_ = false;
  bool keeps_cookie_ = false;
};

}  // namespace fairlead::proxy
