// A pipe of the kernel, filled and drained with splice(2).
#pragma once

#include <memory>

#include "runtime/pipe.h"

namespace fairlead::runtime {

class KernelPipe final : public Pipe {
 public:
  // Null where the system has no descriptors left, or this user's share of memory for large pipes is used up
  // (pipe(7), `pipe-user-pages-soft`).
  static std::unique_ptr<Pipe> open();

  ~KernelPipe() override;
  IoResult fill(int socket, std::size_t most) override;
  IoResult drain(int socket) override;

 private:
  KernelPipe(int source, int sink) : source_(source), sink_(sink) {}

  int source_;  // where bytes are taken from
  int sink_;    // where they are put in
};

}  // namespace fairlead::runtime
