#include "http/codec/websocket_frames.h"

#include <algorithm>

namespace fairlead::http {

namespace {

constexpr std::size_t kShortHeader = 2;
constexpr std::size_t kMask = 4;
constexpr std::uint8_t kOpcode = 0x0F;
constexpr std::uint8_t kClose = 0x08;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength = 0x7F;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;

std::size_t extended_length(std::uint8_t length) {
  if (length == kLength16) return sizeof(std::uint16_t);
  if (length == kLength64) return sizeof(std::uint64_t);
  return 0;
}

}  // namespace

std::size_t WebSocketFrames::header_length() const {
  if (header_size_ < kShortHeader) return kShortHeader;
  const std::uint8_t second = header_[1];
  return kShortHeader + extended_length(second & kLength) + ((second & kMasked) != 0 ? kMask : 0);
}

void WebSocketFrames::end_header() {
  const std::uint8_t length = header_[1] & kLength;
  payload_left_ = length;
  if (const std::size_t bytes = extended_length(length); bytes > 0) {
    payload_left_ = 0;
    for (std::size_t index = 0; index < bytes; ++index) {
      payload_left_ = (payload_left_ << 8U) | header_[kShortHeader + index];
    }
  }
  is_closed_ = is_closed_ || (header_[0] & kOpcode) == kClose;
  header_size_ = 0;
}

void WebSocketFrames::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (payload_left_ > 0) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size()));
      payload_left_ -= taken;
      bytes.remove_prefix(taken);
      continue;
    }
    header_[header_size_++] = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (header_size_ >= kShortHeader && header_size_ == header_length()) end_header();
  }
}

std::string_view going_away_from_server() { return {"\x88\x02\x03\xE9", 4}; }

// The mask need not be hard to guess here: it keeps senders from choosing what stands on the wire, and nobody chose
// this. It is {1, 2, 3, 4}.
std::string_view going_away_from_client() { return {"\x88\x82\x01\x02\x03\x04\x02\xEB", 8}; }

}  // namespace fairlead::http
