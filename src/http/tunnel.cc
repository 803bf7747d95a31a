#include "http/tunnel.h"

#include <algorithm>

#include "http/codec/message.h"

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

Tunnel::Tunnel(Transport client, Transport server, const Agreement& agreement, net::Scratch& scratch,
               TunnelOwner& owner)
    : scratch_(scratch),
      owner_(owner),
      idle_(agreement.idle),
      last_activity_(client.connection.loop().now()),
      client_(std::move(client.connection)),
      server_(std::move(server.connection)),
      is_websocket_(equals_ignoring_case(agreement.protocol, "websocket")) {
  // What came along with the heads.
  note_received(client_, client.unread);
  note_received(server_, server.unread);
  server_.output.hold(client.unread);
  client_.output.hold(server.unread);
  loop().post(*this);
}

void Tunnel::run() {
  const Result<void> up = relay(client_, server_);
  const Result<void> down = relay(server_, client_);
  if (!up || !down) return owner_.on_tunnel_end(up ? down : up);
  if (client_.has_ended && server_.has_ended) return owner_.on_tunnel_end({});
  if (has_stalled()) return owner_.on_tunnel_end(std::unexpected(kIdle));
  // A side that always has more must not keep the others from their turn.
  if (can_relay(client_, server_) || can_relay(server_, client_)) return loop().post(*this);
  using Event = net::Connection::Event;
  client_.connection.watch_idle(*this, deadline_after(last_activity_, idle_), Event::input_or_room);
  server_.connection.watch_idle(*this, kNever, Event::input_or_room);
}

Result<void> Tunnel::relay(End& from, End& to) {
  if (!to.output.is_empty()) {
    if (!to.connection.may_send()) return {};
    const runtime::IoResult sent = to.output.send_rest(to.connection);
    if (!sent.ok() && !sent.would_block()) return failure_of(to);
    if (sent.count > 0) last_activity_ = loop().now();
    if (!to.output.is_empty()) to.unsent = to.connection.unsent();
    return {};
  }
  if (from.has_ended || !from.connection.may_receive()) return {};
  net::Input input(scratch_);
  const runtime::IoResult got =
      input.fill(from.connection, std::min(kRead, net::Output::most_to_receive(to.connection, from.received)));
  if (got.would_block()) return {};
  if (!got.ok()) return failure_of(from);
  if (got.count == 0) {
    from.has_ended = true;
    to.connection.shutdown_send();
    return {};
  }
  note_received(from, input.unread());
  const iovec piece = runtime::piece_of(input.unread());
  input.consume(got.count);
  if (!to.output.send(to.connection, {&piece, 1}).ok()) return failure_of(to);
  if (!to.output.is_empty()) to.unsent = to.connection.unsent();
  return {};
}

void Tunnel::note_received(End& from, std::string_view bytes) {
  from.received += bytes.size();
  if (is_websocket_) from.frames.feed(bytes);
  last_activity_ = loop().now();
}

bool Tunnel::can_relay(const End& from, const End& to) {
  if (!to.output.is_empty()) return to.connection.may_send();
  return !from.has_ended && from.connection.may_receive();
}

bool Tunnel::has_stalled() {
  if (deadline_after(last_activity_, idle_) > loop().now()) return false;
  const bool client_takes = takes_bytes(client_);
  const bool server_takes = takes_bytes(server_);
  if (!client_takes && !server_takes) return true;
  last_activity_ = loop().now();
  return false;
}

// Room is told of in large steps: a side that reads slowly but steadily is not one that has stopped.
bool Tunnel::takes_bytes(End& to) {
  if (to.output.is_empty()) return false;
  const std::size_t before = std::exchange(to.unsent, to.connection.unsent());
  return to.unsent < before;
}

Result<void> Tunnel::failure_of(const End& end) const {
  return std::unexpected(&end == &client_ ? kClientLost : kServerLost);
}

void Tunnel::say_goodbye() {
  if (!is_websocket_) return;
  say_goodbye(client_, server_, going_away_from_client());
  say_goodbye(server_, client_, going_away_from_server());
}

void Tunnel::say_goodbye(const End& from, End& to, std::string_view goodbye) {
  if (!from.frames.takes_another_frame() || !to.output.is_empty()) return;
  const iovec piece = runtime::piece_of(goodbye);
  // It is a courtesy: whoever cannot take it sees the connection end.
  static_cast<void>(to.output.send(to.connection, {&piece, 1}));
  to.connection.shutdown_send();
}

}  // namespace fairlead::http
