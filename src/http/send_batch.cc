#include "http/send_batch.h"

#include "http/h1_output.h"

namespace fairlead::http {

bool BatchedSend::begin() {
  output_->call_when_sent(*this);
  return false;
}

std::span<char> SendBatch::space() {
  if (size_ - used_ < least_) flush();
  return {memory_.get() + used_, size_ - used_};
}

SendBatch::Place SendBatch::add(H1Output& output, std::size_t size, runtime::EventLoop& loop) {
  messages_.push_back({.output = &output,
                       .offset = static_cast<std::uint32_t>(used_),
                       .size = static_cast<std::uint32_t>(size),
                       .waiting = nullptr});
  used_ += size;
  loop.post_last(*this);
  return static_cast<Place>(messages_.size() - 1);
}

void SendBatch::flush() {
  for (const Message& message : messages_) {
    if (message.output == nullptr) continue;
    message.output->send_batched({memory_.get() + message.offset, message.size}, message.waiting);
  }
  messages_.clear();
  used_ = 0;
}

}  // namespace fairlead::http
