#include "runtime/epoll/kernel_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/assert.h"

namespace fairlead::runtime {

namespace {

// The most that the system gives an ordinary user. The usual 64 KiB would take many calls for a large body.
constexpr int kCapacity = 1024 * 1024;
constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

}  // namespace

std::unique_ptr<Pipe> KernelPipe::open() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  std::unique_ptr<Pipe> pipe(new KernelPipe(ends[0], ends[1]));
  if (::fcntl(ends[1], F_SETPIPE_SZ, kCapacity) < 0) return nullptr;
  return pipe;
}

KernelPipe::~KernelPipe() {
  ::close(source_);
  ::close(sink_);
}

IoResult KernelPipe::fill(int socket, std::size_t most) {
  FAIRLEAD_ASSERT(size_ == 0);
  const ssize_t count = ::splice(socket, nullptr, sink_, nullptr, most, kFlags);
  if (count < 0) return {.error = errno};
  size_ = static_cast<std::size_t>(count);
  return {.count = size_};
}

// Until it is empty or the socket takes no more: less than all from one call need not mean that the socket is full.
IoResult KernelPipe::drain(int socket) {
  std::size_t moved = 0;
  while (size_ > 0) {
    const ssize_t count = ::splice(source_, nullptr, socket, nullptr, size_, kFlags);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && moved == 0) return {.error = errno};
    if (count <= 0) break;
    moved += static_cast<std::size_t>(count);
    size_ -= static_cast<std::size_t>(count);
  }
  return {.count = moved};
}

}  // namespace fairlead::runtime
