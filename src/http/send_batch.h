// Messages that leave together, when everything that was ready in this turn of the loop has run.
//
// A receiver on the same machine is then woken once for many messages, and the kernel works through them while its
// caches are warm. Small messages only; large ones are sent from where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

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

 private:
  H1Output* output_;
};

// One per worker: the memory that outgoing messages are written to, and those that wait in it.
class SendBatch final : private runtime::Runnable {
 public:
  // A message in the batch, by its place in it.
  using Place = std::uint32_t;

  // At least `least` bytes are free in each `space`.
  SendBatch(std::size_t size, std::size_t least)
      : size_(size), least_(least), memory_(std::make_unique_for_overwrite<char[]>(size)) {}

  // Memory to write the next message to. What is written and not added is overwritten by the next one.
  std::span<char> space();
  // The first `size` bytes of the last space are a message of `output`, and leave at the end of the turn.
  Place add(H1Output& output, std::size_t size, runtime::EventLoop& loop);
  // `waiting` runs when the message has been given to the kernel.
  void call(BatchedSend& waiting, Place place) { messages_[place].waiting = &waiting; }
  // The message is not sent.
  void withdraw(Place place) { messages_[place].output = nullptr; }

 private:
  struct Message {
    H1Output* output;  // null where it was withdrawn
    std::uint32_t offset;
    std::uint32_t size;
    BatchedSend* waiting;
  };

  void run() override { flush(); }
  void flush();

  std::size_t size_;
  std::size_t least_;
  std::unique_ptr<char[]> memory_;
  std::size_t used_ = 0;
  std::vector<Message> messages_;
  std::vector<runtime::Outgoing> outgoing_;  // while they leave
  runtime::EventLoop* loop_ = nullptr;       // of the messages
};

}  // namespace fairlead::http
