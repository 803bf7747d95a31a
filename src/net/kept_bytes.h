// How many bytes of messages a thread keeps: what a peer has not taken, and what was received and waits for that.
#pragma once

#include <cstddef>

namespace fairlead::net {

// One count for each thread. Whoever keeps bytes adds them, and takes them off when they go.
class KeptBytes {
 public:
  static std::size_t count() { return count_; }
  static void add(std::size_t bytes) { count_ += bytes; }
  static void remove(std::size_t bytes) { count_ -= bytes; }

 private:
  static inline thread_local std::size_t count_ = 0;
};

}  // namespace fairlead::net
