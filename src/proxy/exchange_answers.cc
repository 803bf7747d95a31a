// What an exchange answers by itself: redirects, fixed responses and error pages.
#include <chrono>

#include "proxy/error_response.h"
#include "proxy/exchange.h"
#include "proxy/local_response.h"

namespace fairlead::proxy {

runtime::Task<void> Exchange::answer_locally() {
  const RouteOptions& options = route_->options;
  if (options.redirect) {
    const std::string location = co_await redirect_location(*options.redirect, request_);
    co_await answer(options.redirect->status, {}, {}, location);
  } else {
    const RespondOptions& respond = options.respond.value();
    co_await answer(respond.status, respond.type, respond.body);
  }
}

runtime::Task<void> Exchange::answer(std::uint16_t status, std::string_view type, std::string_view body,
                                     std::string_view location) {
  status_ = status;
  http::BufferWriter& writer = downstream_.begin_head(status, http::reason_of(status));
  http::write_field(writer, "Date", http_date(wall_start_));
  if (!location.empty()) http::write_field(writer, "Location", location);
  if (!type.empty()) http::write_field(writer, "Content-Type", type);
  http::write_field(writer, "X-Request-Id", request_.id());
  const bool has_body = status != 204 && status != 304;
  http::OutgoingFraming framing;
  if (has_body) framing = {http::Framing::length, body.size()};
  co_await downstream_.send_head(framing, {body, true});
}

runtime::Task<void> Exchange::answer_with_error(const Error& error) {
  if (abandoned_ || error.code == ErrorCode::client_gone || error.code == ErrorCode::canceled) {
    downstream_.abort();
    co_return;
  }
  if (downstream_.response_started()) {
    context_.counters.cut_responses.add();
    downstream_.cut_short();
    co_return;
  }
  status_ = status_of(error.code);
  co_await send_error(downstream_, error,
                      {.accept = request_.accept(),
                       .request_id = request_.id(),
                       .at = wall_start_,
                       .detail = view_->snapshot().errors.detail,
                       .client_is_local = is_local_,
                       .server = server_ != nullptr ? std::string_view(server_->name()) : std::string_view(),
                       .retry_after = retry_after(error)});
}

// Within the time that a request may wait, all that wait now will have left the line.
std::optional<std::int64_t> Exchange::retry_after(const Error& error) {
  if (error.code == ErrorCode::memory_full) return 1;
  if (error.code != ErrorCode::queue_full && error.code != ErrorCode::queue_timeout) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(pool().pool().options().queue.timeout).count();
}

}  // namespace fairlead::proxy
