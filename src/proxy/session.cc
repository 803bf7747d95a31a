#include "proxy/session.h"

#include <arpa/inet.h>

#include "proxy/error_response.h"
#include "proxy/exchange.h"
#include "runtime/wait.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy {

namespace {

constexpr int kRequestsPerTurn = 16;

// The address alone, without a port; an IPv4 address that came over an IPv6 socket as IPv4.
std::string_view write_ip(const sockaddr_storage& peer, std::span<char> buffer) {
  const char* text = nullptr;
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer);
    text = ::inet_ntop(AF_INET, &address.sin_addr, buffer.data(), static_cast<socklen_t>(buffer.size()));
  } else if (peer.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(peer);
    text = ::inet_ntop(AF_INET6, &address.sin6_addr, buffer.data(), static_cast<socklen_t>(buffer.size()));
  }
  if (text == nullptr) return "unix";
  constexpr std::string_view kMapped = "::ffff:";
  std::string_view ip(text);
  if (ip.starts_with(kMapped) && ip.contains('.')) ip.remove_prefix(kMapped.size());
  return ip;
}

bool is_loopback_ip(std::string_view ip) { return ip.starts_with("127.") || ip == "::1" || ip == "unix"; }

}  // namespace

Session::Session(Context& context, std::shared_ptr<const SessionSettings> settings, const runtime::Accepted& accepted)
    : context_(context),
      open_(context.counters.open_connections),
      settings_(std::move(settings)),
      stream_(context.loop, accepted.descriptor, context.workspace, settings_->http) {
  client_ = {.ip = write_ip(accepted.peer, ip_), .scheme = "http", .listener = settings_->listener};
  client_.is_local = settings_->is_loopback && is_loopback_ip(client_.ip);
  context_.counters.connections.add();
}

runtime::Task<void> Session::serve(std::unique_ptr<Session> session) {
  http::H1Server& stream = session->stream_;
  for (int served = 1;; ++served) {
    const Result<bool> read = co_await stream.read_request().result();
    if (!read) co_await session->refuse_request(read.error());
    if (!read || !*read) break;
    co_await session->serve_request(served % kRequestsPerTurn == 0);
    if (!stream.can_continue()) break;
  }
  co_await stream.close_gently();
}

void Session::cut() {
  stream_.cut();
  if (exchange_ != nullptr) exchange_->abandon(ErrorCode::stopping);
}

runtime::Task<void> Session::serve_request(bool yields) {
  Exchange exchange(context_, stream_, client_);
  exchange_ = &exchange;
  const Result<void> outcome = co_await exchange.run().result();
  // An answer that cannot be given (the client has left) changes nothing more: the log says what happened before.
  if (!outcome) static_cast<void>(co_await exchange.answer_with_error(outcome.error()).result());
  exchange_ = nullptr;
  exchange.record(outcome);
  // A client that pipelines must not keep the others from their turn. Waited for here, because the frame above is there
  // for as long as the connection and is kept small.
  if (yields) co_await runtime::Yield(context_.loop);
}

runtime::Task<void> Session::refuse_request(const Error& error) {
  if (error.code == ErrorCode::client_gone || error.code == ErrorCode::canceled) {
    stream_.abort();
    co_return;
  }
  const WallTime now = context_.loop.wall_now();
  const telemetry::RequestId id(now, context_.random);
  context_.counters.requests.add();
  context_.counters.failures[static_cast<std::size_t>(error.code)].add();
  const std::uint16_t status = status_of(error.code);
  context_.counters.status_classes[status / 100U].add();
  stream_.close_after_response();
  context_.access_log.record({.at = now,
                              .id = id.text(),
                              .client = client_.ip,
                              .listener = client_.listener,
                              .proto = "h1",
                              .status = status,
                              .reason = word(error.code)});
  co_await send_error(stream_, error,
                      {.request_id = id.text(),
                       .at = now,
                       .detail = context_.view->snapshot().errors.detail,
                       .client_is_local = client_.is_local});
}

}  // namespace fairlead::proxy
