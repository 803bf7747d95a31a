// What must hold for any bytes of a WebSocket: the fuzzer looks for input that breaks it, the unit tests replay the
// corpus.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "http/codec/websocket_frames.h"

namespace fairlead::http::invariants {

// Whether the bytes end with a whole frame, and none of the whole ones was a close frame: RFC 6455, 5.2 at one go.
inline bool ends_between_frames(std::string_view bytes) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[index]));
  };
  bool is_closed = false;
  while (!bytes.empty()) {
    if (bytes.size() < 2) return false;
    std::uint64_t length = byte(1) & 0x7F;
    const std::size_t extension = length == 126 ? 2 : length == 127 ? 8 : 0;
    const std::size_t header = 2 + extension + ((byte(1) & 0x80) != 0 ? 4 : 0);
    if (bytes.size() < header) return false;
    if (extension > 0) length = 0;
    for (std::size_t index = 0; index < extension; ++index) length = length << 8 | byte(2 + index);
    is_closed = is_closed || (byte(0) & 0x0F) == 8;
    if (bytes.size() - header < length) return false;
    bytes.remove_prefix(header + length);
  }
  return !is_closed;
}

// The same at every byte, and whatever the pieces in which the bytes come.
inline void check_websocket_frames(std::string_view bytes) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size() + 1}) {
    WebSocketFrames frames;
    FAIRLEAD_ASSERT(frames.takes_another_frame());
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::size_t end = std::min(bytes.size(), at + piece);
      frames.feed(bytes.substr(at, end - at));
      if (piece > 1 || bytes.size() <= 512 || end == bytes.size())
        FAIRLEAD_ASSERT(frames.takes_another_frame() == ends_between_frames(bytes.substr(0, end)));
    }
  }
}

}  // namespace fairlead::http::invariants
