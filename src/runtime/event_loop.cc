#include "runtime/event_loop.h"

#include <cerrno>

namespace fairlead::runtime {

bool IoResult::would_block() const { return error == EAGAIN || error == EWOULDBLOCK; }

void EventLoop::send_each(std::span<Outgoing> messages) {
  for (Outgoing& message : messages) {
    const iovec piece = piece_of(message.bytes);
    message.result = send(message.descriptor, {&piece, 1});
  }
}

void EventLoop::post_from_anywhere(std::move_only_function<void()> action) {
  // Only the first letter in an empty box needs a bell.
  if (mailbox_.put(std::move(action))) wake();
}

void EventLoop::run() {
  stopping_ = false;
  while (!stopping_) turn();
  // A task that stopped the loop as its last act has still to be cleared away by its group.
  work();
}

void EventLoop::turn() {
  went_on_ = work();
  wait(ready_.empty() && last_.empty() && !has_mail() && !stopping_ ? timers_.next() : now_);
  timers_.advance(now_);
  mailbox_.run_all();
  work();
}

std::size_t EventLoop::work() {
  std::size_t ran = run_all(ready_);
  if (last_.empty()) return ran;
  ran += run_all(last_);
  return ran + run_all(ready_);
}

std::size_t EventLoop::run_all(RunQueue& queue) {
  // Only what is queued now: a task that is always ready again must not keep the loop from its sockets.
  RunQueue batch;
  batch.swap(queue);
  std::size_t ran = 0;
  for (; !batch.empty(); ++ran) {
    Runnable& runnable = batch.front();
    batch.pop_front();
    runnable.run();
  }
  return ran;
}

}  // namespace fairlead::runtime
