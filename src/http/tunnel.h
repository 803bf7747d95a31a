// Bytes both ways between two connections that have left HTTP (RFC 9110, 7.8): WebSockets and their like.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "http/codec/websocket_frames.h"
#include "http/stream.h"
#include "runtime/task.h"

namespace fairlead::http {

// Bytes that a tunnel has carried.
struct TunnelCounts {
  std::uint64_t from_client = 0;
  std::uint64_t from_server = 0;
};

// One tunnel, from the switch of protocols to its end. Lives in the frame of the task that relays.
class Tunnel final {
 public:
  // `protocol` as both sides agreed on it. `counts` is kept up to date and outlives the tunnel.
  Tunnel(Transport client, Transport server, std::string_view protocol, Duration idle, TunnelCounts& counts);
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  // Relays until both sides have ended. The end of one side is passed on to the other. Errors: client_gone and
  // reset_mid_response where a side broke off, response_timeout where nothing moved in either direction for `idle`,
  // canceled.
  runtime::Task<void> relay();
  // After `relay` has ended early: tells both sides of a WebSocket that we are going away, as far as a frame may stand
  // there. Sends what can be sent at once.
  void say_goodbye();

 private:
  enum class Way : bool { up, down };
  struct Direction {
    Way way;
    Transport from;
    Transport to;
    std::uint64_t& count;
    WebSocketFrames frames = {};
  };

  runtime::Task<void> relay(Direction& direction);
  runtime::Task<void> send_all(Direction& direction, std::string_view bytes);

  bool is_websocket_;
  Duration idle_;
  Direction up_;
  Direction down_;
  TimePoint last_activity_;  // in either direction
};

}  // namespace fairlead::http
