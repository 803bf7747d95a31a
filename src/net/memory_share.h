// How much memory the connections of a thread may use, with what the kernel keeps for them, and how close they are to
// that: a new connection is refused before a new request is, so that the connections that are there can be served.
#pragma once

#include <cstddef>
#include <limits>

namespace fairlead::net {

// One per worker; its thread only. Asking costs a few additions.
class MemoryShare {
 public:
  // What the kernel keeps for one socket, its buffers aside: 1.5 KB for one that was accepted, 4 KB for one that was
  // connected.
  static constexpr std::size_t kSocket = std::size_t{3} * 1024;

  void set_limit(std::size_t bytes) { limit_ = bytes; }

  bool has_room_for_connection() { return has_room(limit_ / 8); }
  bool has_room_for_request() { return has_room(limit_ / 16); }

 private:
  // Whether so much can still be had.
  bool has_room(std::size_t reserve);

  std::size_t limit_ = std::numeric_limits<std::size_t>::max() / 2;
};

}  // namespace fairlead::net
