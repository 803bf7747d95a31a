#include "http/send_batch.h"

#include "http/h1_output.h"

namespace fairlead::http {

bool BatchedSend::begin() {
  output_->join_batch(*this);
  return false;
}

std::span<char> SendBatch::space() {
  if (size_ - used_ < least_) flush();
  return {memory_.get() + used_, size_ - used_};
}

void SendBatch::add(BatchedSend& send, runtime::EventLoop& loop) {
  waiting_.push_back(send);
  loop.post_last(*this);
}

void SendBatch::flush() {
  while (!waiting_.empty()) {
    // Only `add` puts anything into this queue.
    auto& send = static_cast<BatchedSend&>(waiting_.front());
    waiting_.pop_front();
    send.output().send_batched(send);
  }
  used_ = 0;
}

}  // namespace fairlead::http
