// A worker's pipes for large bodies. Opening one costs several system calls, so those that are empty are kept.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/event_loop.h"
#include "runtime/pipe.h"

namespace fairlead::net {

// One per worker; outlives all leases. Where it has no pipe to give, bodies are copied.
class PipePool {
 public:
  struct Return {
    PipePool* pool = nullptr;
    void operator()(runtime::Pipe* pipe) const { pool->take_back(pipe); }
  };
  // A pipe for one use. Given back when it goes; closed, with what is in it, where it is not empty.
  using Lease = std::unique_ptr<runtime::Pipe, Return>;

  // Empty. Null where the system gives none, or too many are in use: slow readers must not take all descriptors.
  Lease take(runtime::EventLoop& loop);
  // Closes those that are kept, for the sake of their descriptors.
  void close_kept() { kept_.clear(); }

  static constexpr std::size_t kMostInUse = 128;
  // That many may be in use from here on, up to `kMostInUse`.
  void set_most_in_use(std::size_t most) { most_in_use_ = most; }

 private:
  static constexpr std::size_t kMostKept = 32;

  void take_back(runtime::Pipe* pipe);

  std::size_t most_in_use_ = kMostInUse;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<runtime::Pipe>> kept_;
};

}  // namespace fairlead::net
