#include "proxy/stickiness.h"

#include "http/codec/cookie.h"

namespace fairlead::proxy {

void Stickiness::begin(const pool::Pool& pool, const http::RequestHead& head, Instant now, bool is_https,
                       Counters& counters) {
  using Verdict = pool::StickyReading::Verdict;
  cookie_ = pool.sticky();
  sessions_ = pool.sessions();
  if (cookie_ == nullptr && sessions_ == nullptr) return;
  now_ = now;
  is_https_ = is_https;
  on_down_ = pool.options().sticky.on_down;
  if (sessions_ != nullptr) {
    session_ = sessions_->key_of_request(head.fields);
    if (session_) wanted_ = sessions_->find(*session_, now.steady);
    return;
  }
  const auto value = http::find_cookie(head.fields, cookie_->options().cookie);
  if (!value) return;
  const pool::StickyReading reading = cookie_->read(*value, now.wall);
  wanted_ = reading.server;
  is_ageing_ = reading.is_ageing;
  if (reading.verdict == Verdict::forged) counters.sticky_forged.add();
  if (reading.verdict == Verdict::stale) counters.sticky_stale.add();
}

void Stickiness::answer(const pool::Server& server, const http::FieldList& fields, http::BufferWriter& writer) const {
  if (keeps_home_) return;
  if (sessions_ != nullptr) {
    if (const auto begun = sessions_->key_of_response(fields)) sessions_->remember(*begun, server, now_.steady);
    if (session_ && wanted_ != &server) sessions_->remember(*session_, server, now_.steady);
  } else if (cookie_ != nullptr && (wanted_ != &server || is_ageing_)) {
    http::write_field(writer, "Set-Cookie", cookie_->issue(server, now_.wall, is_https_));
  }
}

}  // namespace fairlead::proxy
