#include "net/pipe_pool.h"

#include <utility>

namespace fairlead::net {

PipePool::Lease PipePool::take(runtime::EventLoop& loop) {
  if (in_use_ >= most_in_use_) return {};
  std::unique_ptr<runtime::Pipe> pipe;
  if (kept_.empty()) {
    pipe = loop.open_pipe();
  } else {
    pipe = std::move(kept_.back());
    kept_.pop_back();
  }
  if (pipe == nullptr) return {};
  ++in_use_;
  return Lease(pipe.release(), Return{this});
}

void PipePool::take_back(runtime::Pipe* pipe) {
  std::unique_ptr<runtime::Pipe> owned(pipe);
  --in_use_;
  if (owned->size() == 0 && kept_.size() < kMostKept) kept_.push_back(std::move(owned));
}

}  // namespace fairlead::net
