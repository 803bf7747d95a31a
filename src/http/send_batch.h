// Messages that leave together, when everything that was ready in this turn of the loop has run.
//
// A receiver on the same machine is then woken once for many messages, and the kernel works through them while its
// caches are warm. Small messages only; large ones are sent from where they lie.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "runtime/event_loop.h"
#include "runtime/runnable.h"
#include "runtime/task.h"

namespace fairlead::http {

class H1Output;

// Waits until the message that an output has gathered was given to the kernel; see `H1Output::batched`.
class BatchedSend : public runtime::Operation {
 public:
  explicit BatchedSend(H1Output& output) : output_(&output) {}
  bool begin();
  H1Output& output() const { return *output_; }

 private:
  H1Output* output_;
};

// One per worker: the memory that outgoing messages are written to, and those that wait in it.
class SendBatch final : private runtime::Runnable {
 public:
  // At least `least` bytes are free in each `space`.
  SendBatch(std::size_t size, std::size_t least)
      : size_(size), least_(least), memory_(std::make_unique_for_overwrite<char[]>(size)) {}

  // Memory to write the next message to. What is written and not kept is overwritten by the next one.
  std::span<char> space();
  // The first `count` bytes of the last space stay until they are sent.
  void keep(std::size_t count) { used_ += count; }
  // Sends what `send` is about at the end of the turn.
  void add(BatchedSend& send, runtime::EventLoop& loop);

 private:
  void run() override { flush(); }
  void flush();

  std::size_t size_;
  std::size_t least_;
  std::unique_ptr<char[]> memory_;
  std::size_t used_ = 0;
  runtime::RunQueue waiting_;
};

}  // namespace fairlead::http
