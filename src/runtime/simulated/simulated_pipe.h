// A pipe of the simulated network: the same order of events as a kernel's, in memory.
#pragma once

#include <string>

#include "runtime/pipe.h"

namespace fairlead::runtime {

// The loop outlives it.
class SimulatedPipe final : public Pipe {
 public:
  explicit SimulatedPipe(EventLoop& loop) : loop_(loop) {}
  IoResult fill(int socket, std::size_t most) override;
  IoResult drain(int socket) override;

 private:
  EventLoop& loop_;
  std::string content_;
};

}  // namespace fairlead::runtime
