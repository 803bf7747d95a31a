// How many bytes of messages a thread keeps: what a peer has not taken, and what was received and waits for that; and
// from where on that is much.
#pragma once

#include <cstddef>

namespace fairlead::net {

// One count for each thread. Whoever keeps bytes adds them, and takes them off when they go.
class KeptBytes {
 public:
  static std::size_t count() { return count_; }
  static void add(std::size_t bytes) { count_ += bytes; }
  static void remove(std::size_t bytes) { count_ -= bytes; }

  // From here on, what is received for a peer is bounded by the room of that one's socket; from twice as much on, more
  // tightly.
  static std::size_t much() { return much_; }
  static void set_much(std::size_t bytes) { much_ = bytes; }
  static constexpr std::size_t kUsuallyMuch = std::size_t{4} * 1024 * 1024;

 private:
  static inline thread_local std::size_t count_ = 0;
  static inline thread_local std::size_t much_ = kUsuallyMuch;
};

}  // namespace fairlead::net
