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
  loop_ = &loop;
  loop.post_last(*this);
  return static_cast<Place>(messages_.size() - 1);
}

void SendBatch::flush() {
  std::erase_if(messages_, [](const Message& message) { return message.output == nullptr; });
  outgoing_.clear();
  for (const Message& message : messages_) {
    outgoing_.push_back(
        {.descriptor = message.output->descriptor(), .bytes = {memory_.get() + message.offset, message.size}});
  }
  if (!outgoing_.empty()) loop_->send_each(outgoing_);
  for (std::size_t number = 0; number < messages_.size(); ++number) {
    messages_[number].output->note_sent(outgoing_[number], messages_[number].waiting);
  }
  messages_.clear();
  used_ = 0;
}

}  // namespace fairlead::http
