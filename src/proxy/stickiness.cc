#include "proxy/stickiness.h"

#include "http/codec/cookie.h"

namespace fairlead::proxy {

void Stickiness::begin(const pool::StickyCookie* cookie, const http::RequestHead& head, WallTime now, bool is_https,
                       Counters& counters) {
  using Verdict = pool::StickyReading::Verdict;
  cookie_ = cookie;
  now_ = now;
  is_https_ = is_https;
  if (cookie == nullptr) return;
  const auto value = http::find_cookie(head.fields, cookie->options().cookie);
  if (!value) return;
  reading_ = cookie->read(*value, now);
  if (reading_.verdict == Verdict::forged) counters.sticky_forged.add();
  if (reading_.verdict == Verdict::stale) counters.sticky_stale.add();
}

void Stickiness::write(http::BufferWriter& writer, const pool::Server& server) const {
  if (cookie_ == nullptr || keeps_cookie_ || (reading_.server == &server && !reading_.is_ageing)) return;
  http::write_field(writer, "Set-Cookie", cookie_->issue(server, now_, is_https_));
}

}  // namespace fairlead::proxy
