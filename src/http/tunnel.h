// Bytes both ways between two connections that have left HTTP (RFC 9110, 7.8): WebSockets and their like.
//
// Not a task: a tunnel may be idle for days, and is then no more than what it keeps here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/time.h"
#include "http/codec/websocket_frames.h"
#include "http/stream.h"
#include "net/connection.h"
#include "net/output.h"
#include "net/scratch.h"
#include "runtime/runnable.h"

namespace fairlead::http {

// Told how a tunnel has ended; outlives it.
class TunnelOwner {
 public:
  // Once: when both sides have ended, or with client_gone or reset_mid_response where one broke off, or with
  // response_timeout where nothing moved in either direction. The tunnel may be destroyed in here.
  virtual void on_tunnel_end(const Result<void>& outcome) = 0;

 protected:
  ~TunnelOwner() = default;
};

// One tunnel, from the switch of protocols to its end. It relays by itself, a piece of each direction in a turn of the
// loop, and passes the end of one side on to the other.
class Tunnel final : private net::IdleWatcher, private runtime::Runnable {
 public:
  struct Agreement {
    std::string_view protocol;  // as both sides named it
    Duration idle;              // for so long nothing may move
  };

  // `scratch` and `owner` outlive it.
  Tunnel(Transport client, Transport server, const Agreement& agreement, net::Scratch& scratch, TunnelOwner& owner);
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  runtime::EventLoop& loop() const { return client_.connection.loop(); }
  // Bytes carried so far.
  std::uint64_t bytes_from_client() const { return client_.received; }
  std::uint64_t bytes_from_server() const { return server_.received; }

  // Tells both sides of a WebSocket that we are going away, as far as a frame may stand there. Sends what can be sent
  // at once, and ends our direction.
  void say_goodbye();
  // From here on, the client sees the end as a connection that broke.
  void break_off_client() { client_.connection.reset_on_close(); }

 private:
  struct End {
    explicit End(net::Connection connected) : connection(std::move(connected)) {}

    net::Connection connection;
    net::Output output;          // what it was given and has not taken
    WebSocketFrames frames;      // that it sends
    std::uint64_t received = 0;  // from it
    std::size_t unsent = 0;      // by the kernel, of the output before, when that was asked last
    bool has_ended = false;      // it sends nothing more
  };

  void on_idle_ended(net::Connection&) override { loop().post(*this); }
  void run() override;
  // Passes a piece on, as far as the other side takes it.
  Result<void> relay(End& from, End& to);
  void note_received(End& from, std::string_view bytes);
  static bool can_relay(const End& from, const End& to);
  // Whether nothing has moved for too long.
  bool has_stalled();
  // Whether it has taken bytes since that was asked last, from what the kernel has for it.
  static bool takes_bytes(End& to);
  Result<void> failure_of(const End& end) const;
  static void say_goodbye(const End& from, End& to, std::string_view goodbye);

  net::Scratch& scratch_;
  TunnelOwner& owner_;
  Duration idle_;
  TimePoint last_activity_;  // in either direction
  End client_;
  End server_;
  bool is_websocket_;
};

}  // namespace fairlead::http
