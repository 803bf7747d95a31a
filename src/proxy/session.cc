#include "proxy/session.h"

#include <arpa/inet.h>

#include "proxy/error_response.h"
#include "proxy/exchange.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy {

namespace {

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

Session::Session(Context& context, const SessionSettings& settings, int descriptor, const sockaddr_storage& peer)
    : context_(context), stream_(context.loop, descriptor, context.workspace, settings.http) {
  client_ = {.ip = write_ip(peer, ip_), .scheme = "http", .listener = settings.listener};
  client_.is_local = settings.is_loopback && is_loopback_ip(client_.ip);
  context_.counters.connections.add();
  context_.counters.open_connections.add(1);
}

runtime::Task<void> Session::serve() {
  while (co_await next_request()) {
    co_await serve_request();
    if (!stream_.can_continue()) break;
  }
  co_await stream_.close_gently();
}

runtime::Task<bool> Session::next_request() {
  const Result<bool> read = co_await stream_.read_request().result();
  if (read) co_return *read;
  co_await refuse_request(read.error());
  co_return false;
}

runtime::Task<void> Session::serve_request() {
  Exchange exchange(context_, stream_, client_);
  const Result<void> outcome = co_await exchange.run().result();
  // An answer that cannot be given (the client has left) changes nothing more: the log says what happened before.
  if (!outcome) static_cast<void>(co_await exchange.answer_with_error(outcome.error()).result());
  exchange.record(outcome);
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

runtime::Task<void> serve_connection(Context& context, SessionList& sessions, const SessionSettings& settings,
                                     int descriptor, sockaddr_storage peer) {
  Session session(context, settings, descriptor, peer);
  sessions.push_back(session);
  const Result<void> ended = co_await session.serve().result();
  static_cast<void>(ended);  // Every error was answered or has nobody left to hear it.
  context.counters.open_connections.add(-1);
}

}  // namespace fairlead::proxy
