// Bytes on their way from one socket to another that never leave the kernel: for large bodies, which need not be seen.
//
// Moving them this way saves both copies through our memory. It costs two descriptors while it lasts, and pays only
// where much is to be moved.
#pragma once

#include <cstddef>

#include "runtime/event_loop.h"

namespace fairlead::runtime {

// Belongs to its loop's thread; see EventLoop::open_pipe.
class Pipe {
 public:
  virtual ~Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // Bytes that were taken in and not given out.
  std::size_t size() const { return size_; }
  // As a receive from `socket`, of at most `most` bytes, while the pipe is empty. A count of 0 is the end of the
  // stream; less than `most` does not mean that there is no more.
  virtual IoResult fill(int socket, std::size_t most) = 0;
  // As a send to `socket` of all that is in the pipe; may take a part only.
  virtual IoResult drain(int socket) = 0;

 protected:
  Pipe() = default;

  std::size_t size_ = 0;
};

}  // namespace fairlead::runtime
