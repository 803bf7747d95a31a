// The stickiness of one exchange: finds out which server the client comes back to, and sees that it will.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "http/codec/message.h"
#include "http/codec/serializer.h"
#include "pool/pool.h"
#include "proxy/context.h"

namespace fairlead::proxy {

class Stickiness {
 public:
  struct Instant {
    WallTime wall{};
    TimePoint steady{};
  };

  // Reads what `head` has to stick by, if anything, and counts a cookie of ours that is not good. `pool` outlives it.
  void begin(const pool::Pool& pool, const http::RequestHead& head, Instant now, bool is_https, Counters& counters);

  // The cookie is ours: servers do not see it. Empty where there is none.
  std::string_view hidden_cookie() const { return cookie_ == nullptr ? std::string_view() : cookie_->options().cookie; }
  // The server that the client comes back to, or null.
  pool::Server* wanted() const { return wanted_; }
  // Whether only that server will do.
  bool is_bound() const { return wanted_ != nullptr && on_down_ == pool::OnDown::fail; }
  // The server has no room just now: whoever serves instead is no new home for the client.
  void stay_away() { keeps_home_ = true; }

  // `server` answers with `fields`: appends the Set-Cookie field that the response needs, or remembers the session.
  void answer(const pool::Server& server, const http::FieldList& fields, http::BufferWriter& writer) const;

 private:
  const pool::StickyCookie* cookie_ = nullptr;
  const pool::StickySessions* sessions_ = nullptr;
  std::optional<std::uint64_t> session_;
  pool::Server* wanted_ = nullptr;
  pool::OnDown on_down_ = pool::OnDown::move;
  Instant now_;
  bool is_ageing_ = false;
  bool is_https_ = false;
  bool keeps_home_ = false;
};

}  // namespace fairlead::proxy
