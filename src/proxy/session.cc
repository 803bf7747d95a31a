#include "proxy/session.h"

#include <array>
#include <optional>
#include <string>

#include "proxy/error_response.h"
#include "proxy/exchange.h"
#include "proxy/session_list.h"
#include "runtime/wait.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy {

namespace {

constexpr int kRequestsPerTurn = 16;
// Who connects through a Unix socket is here.
const net::IpAddress kThisMachine = net::IpAddress::of_bytes(std::array<std::uint8_t, 4>{127, 0, 0, 1});

}  // namespace

Session::Session(Context& context, SessionList& list, std::shared_ptr<const SessionSettings> settings,
                 const runtime::Accepted& accepted, Seat seat)
    : context_(context),
      list_(list),
      open_(context.counters.open_connections),
      settings_(std::move(settings)),
      seat_(std::move(seat)),
      stream_(context.loop, accepted.descriptor, context.workspace, settings_->http) {
  const std::optional<net::IpAddress> address = net::IpAddress::of(accepted.peer);
  set_client(address.value_or(kThisMachine));
  if (!address) set_ip("unix");
  context_.counters.connections.add();
}

void Session::set_client(const net::IpAddress& address) {
  set_ip(address.text());
  is_local_ = settings_->is_loopback && address.is_loopback();
  is_trusted_ = settings_->trusted.contains(address);
}

void Session::set_ip(std::string_view text) { ip_size_ = static_cast<std::uint8_t>(text.copy(ip_.data(), ip_.size())); }

ClientInfo Session::client() const {
  return {.ip = {ip_.data(), ip_size_},
          .scheme = "http",
          .listener = settings_->listener,
          .is_local = is_local_,
          .trusted = is_trusted_ ? &settings_->trusted : nullptr};
}

runtime::Task<void> Session::serve(std::unique_ptr<Session> session) {
  http::H1Server& stream = session->stream_;
  session->list_.note_idle(*session);
  if (session->settings_->proxy_protocol != ProxyProtocol::off) {
    const Result<void> named = co_await session->read_proxy_header().result();
    if (!named) {
      co_await session->refuse_request(named.error());
      co_await stream.close_gently();
      co_return;
    }
  }
  for (int served = 1;; ++served) {
    if (!stream.expect_request()) {
      session->list_.note_idle(*session);
      const Result<void> waited = co_await with_result(stream.idle());
      if (!waited && waited.error().code == ErrorCode::timed_out) session->context_.counters.idle_timeouts.add();
      if (!waited) break;
    }
    const Result<bool> read = co_await stream.read_request().result();
    session->list_.note_busy(*session);
    if (!read) co_await session->refuse_request(read.error());
    if (!read || !*read) break;
    co_await session->serve_request(served % kRequestsPerTurn == 0);
    if (!stream.can_continue()) break;
  }
  SeatCounters& counters = session->settings_->seats->counters();
  if (stream.was_too_slow()) counters.too_slow.fetch_add(1, std::memory_order_relaxed);
  if (stream.has_pipelined_all()) counters.pipelined.fetch_add(1, std::memory_order_relaxed);
  co_await stream.close_gently();
}

runtime::Task<void> Session::read_proxy_header() {
  const bool is_required = settings_->proxy_protocol == ProxyProtocol::require;
  if (!is_trusted_) {
    // Whoever is not trusted speaks for itself alone.
    if (!is_required) co_return;
    co_await runtime::fail({.code = ErrorCode::bad_request,
                            .blame = Blame::downstream,
                            .detail = "connections are taken from `trusted_proxies` only"});
  }
  const net::ProxyHeader header = co_await stream_.read_proxy_header(is_required);
  if (!header.ends) co_return;
  set_client(header.ends->source);
  if (settings_->per_client.table == nullptr || seat_.count_for(header.ends->source, settings_->per_client)) co_return;
  settings_->seats->counters().refused_clients.fetch_add(1, std::memory_order_relaxed);
  co_await runtime::fail({.code = ErrorCode::too_many_connections,
                          .blame = Blame::downstream,
                          .detail = "this client has as many connections as `limits.per_client` allows"});
}

http::IdleEnd Session::close_if_idle(Duration least) {
  const http::IdleEnd end = stream_.close_if_idle(least);
  if (end == http::IdleEnd::closing) seat_.give_back();
  return end;
}

void Session::cut() {
  stream_.cut();
  if (exchange_ != nullptr) exchange_->abandon(ErrorCode::stopping);
}

void Session::end_stream_of(const pool::Server& server) {
  if (exchange_ != nullptr && exchange_->streams_from(server)) cut();
}

runtime::Task<void> Session::serve_request(bool yields) {
  const ClientInfo client = this->client();
  Exchange exchange(context_, stream_, client);
  exchange_ = &exchange;
  Result<void> outcome = co_await exchange.run().result();
  if (outcome && exchange.has_switched()) {
    list_.add(
        exchange.become_tunnel({.settings = settings_, .seat = std::move(seat_), .open_connection = std::move(open_)}));
    exchange_ = nullptr;
    co_return;
  }
  if (!outcome && outcome.error().code == ErrorCode::memory_full)
    settings_->seats->counters().memory.fetch_add(1, std::memory_order_relaxed);
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
  SeatCounters& limits = settings_->seats->counters();
  if (error.code == ErrorCode::out_of_resources) limits.kept_heads.fetch_add(1, std::memory_order_relaxed);
  if (error.code == ErrorCode::memory_full) limits.memory.fetch_add(1, std::memory_order_relaxed);
  const WallTime now = context_.loop.wall_now();
  const telemetry::RequestId id(now, context_.random);
  context_.counters.requests.add();
  context_.counters.failures[static_cast<std::size_t>(error.code)].add();
  const std::uint16_t status = status_of(error.code);
  context_.counters.status_classes[status / 100U].add();
  stream_.close_after_response();
  context_.access_log.record({.at = now,
                              .id = id.text(),
                              .client = client().ip,
                              .listener = settings_->listener,
                              .proto = "h1",
                              .status = status,
                              .reason = word(error.code)});
  co_await send_error(stream_, error,
                      {.request_id = id.text(),
                       .at = now,
                       .detail = context_.view->snapshot().errors.detail,
                       .client_is_local = is_local_,
                       .retry_after = status == 503 ? std::optional<std::int64_t>(1) : std::nullopt});
}

}  // namespace fairlead::proxy
