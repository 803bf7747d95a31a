#include "runtime/simulated/simulated_pipe.h"

#include <algorithm>

#include "base/assert.h"

namespace fairlead::runtime {

IoResult SimulatedPipe::fill(int socket, std::size_t most) {
  constexpr std::size_t kCapacity = std::size_t{64} * 1024;
  FAIRLEAD_ASSERT(content_.empty());
  content_.resize(std::min(most, kCapacity));
  const IoResult result = loop_.receive(socket, content_);
  content_.resize(result.count);
  size_ = content_.size();
  return result;
}

IoResult SimulatedPipe::drain(int socket) {
  const iovec all{.iov_base = content_.data(), .iov_len = content_.size()};
  const IoResult result = loop_.send(socket, {&all, 1});
  content_.erase(0, result.count);
  size_ = content_.size();
  return result;
}

}  // namespace fairlead::runtime
