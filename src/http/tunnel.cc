#include "http/tunnel.h"

#include "http/codec/message.h"
#include "runtime/both.h"
#include "runtime/wait.h"

namespace fairlead::http {

namespace {

constexpr std::size_t kRead = std::size_t{64} * 1024;

constexpr Error kClientLost{
    .code = ErrorCode::client_gone, .blame = Blame::downstream, .detail = "the client broke the tunnel off"};
constexpr Error kServerLost{
    .code = ErrorCode::reset_mid_response, .blame = Blame::upstream, .detail = "the server broke the tunnel off"};
constexpr Error kIdle{.code = ErrorCode::response_timeout,
                      .blame = Blame::ourselves,
                      .detail = "nothing moved in the tunnel for `timeouts.stream_idle`"};

}  // namespace

Tunnel::Tunnel(Transport client, Transport server, std::string_view protocol, Duration idle, TunnelCounts& counts)
    : is_websocket_(equals_ignoring_case(protocol, "websocket")),
      idle_(idle),
      up_{.way = Way::up, .from = client, .to = server, .count = counts.from_client},
      down_{.way = Way::down, .from = server, .to = client, .count = counts.from_server},
      last_activity_(client.connection.loop().now()) {}

runtime::Task<void> Tunnel::relay() {
  const Result<void> outcome = co_await runtime::Both(relay(up_), relay(down_), [this] {
    up_.from.connection.cancel();
    down_.from.connection.cancel();
  });
  co_await Result<void>(outcome);
}

runtime::Task<void> Tunnel::relay(Direction& direction) {
  const Transport& from = direction.from;
  runtime::EventLoop& loop = from.connection.loop();
  while (true) {
    if (const std::string_view unread = from.input.unread(); !unread.empty()) {
      from.input.consume(unread.size());
      direction.count += unread.size();
      last_activity_ = loop.now();
      if (is_websocket_) direction.frames.feed(unread);
      co_await send_all(direction, unread);
      // A side that always has more must not keep the others from their turn.
      co_await runtime::Yield(loop);
    }
    const Result<void> ready = co_await with_result(from.connection.readable(deadline_after(last_activity_, idle_)));
    if (!ready) {
      if (ready.error().code != ErrorCode::timed_out) co_await Result<void>(ready);
      // The other direction may have moved meanwhile.
      if (deadline_after(last_activity_, idle_) > loop.now()) continue;
      co_await runtime::fail(kIdle);
    }
    const runtime::IoResult got = from.input.fill(from.connection, kRead);
    if (got.would_block()) continue;
    if (!got.ok()) co_await runtime::fail(direction.way == Way::up ? kClientLost : kServerLost);
    if (got.count == 0) {
      direction.to.connection.shutdown_send();
      co_return;
    }
  }
}

runtime::Task<void> Tunnel::send_all(Direction& direction, std::string_view bytes) {
  Transport& to = direction.to;
  const iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  const Error lost = direction.way == Way::up ? kServerLost : kClientLost;
  if (!to.output.send(to.connection, {&piece, 1}).ok()) co_await runtime::fail(lost);
  if (to.output.is_empty()) co_return;
  const Result<void> flushed = co_await to.output.flush(to.connection, {idle_}).result();
  if (flushed) co_return;
  if (flushed.error().code == ErrorCode::canceled) co_await Result<void>(flushed);
  co_await runtime::fail(flushed.error().code == ErrorCode::timed_out ? kIdle : lost);
}

void Tunnel::say_goodbye() {
  if (!is_websocket_) return;
  for (const Direction& direction : {up_, down_}) {
    Transport to = direction.to;
    if (!direction.frames.takes_another_frame() || !to.output.is_empty()) continue;
    const std::string_view goodbye = direction.way == Way::up ? going_away_from_client() : going_away_from_server();
    const iovec piece{.iov_base = const_cast<char*>(goodbye.data()), .iov_len = goodbye.size()};
    // It is a courtesy: whoever cannot take it sees the connection end.
    static_cast<void>(to.output.send(to.connection, {&piece, 1}));
    to.connection.shutdown_send();
  }
}

}  // namespace fairlead::http
