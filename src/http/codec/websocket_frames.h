// Where one WebSocket frame ends and the next begins (RFC 6455, section 5.2): enough to place a frame of our own
// between them. Payloads are not looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fairlead::http {

// Follows one direction of a WebSocket. Constant memory; any split of the bytes will do.
class WebSocketFrames {
 public:
  // Takes the next bytes of the direction.
  void feed(std::string_view bytes);
  // True where the bytes so far end with a whole frame that was not a close frame: another one may follow.
  bool takes_another_frame() const { return header_size_ == 0 && payload_left_ == 0 && !is_closed_; }

 private:
  // As much of the header as its bytes so far tell.
  std::size_t header_length() const;
  void end_header();

  std::array<std::uint8_t, 14> header_{};
  std::uint8_t header_size_ = 0;
  bool is_closed_ = false;
  std::uint64_t payload_left_ = 0;
};

// A close frame with status 1001, "going away" (RFC 6455, section 7.4.1): as a server sends it, and masked as a client
// has to.
std::string_view going_away_from_server();
std::string_view going_away_from_client();

}  // namespace fairlead::http
