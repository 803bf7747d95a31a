// Waits that need no descriptor: for a time, for another turn, for a signal from another task of the same loop.
#pragma once

#include <utility>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace fairlead::runtime {

// Ends at `until`.
class Sleep : public Operation, public Timer {
 public:
  Sleep(EventLoop& loop, Deadline until) : loop_(&loop), until_(until) {}
  bool begin() {
    if (until_ <= loop_->now()) return true;
    loop_->timers().set(*this, until_);
    return false;
  }
  void on_timer() override { loop_->post(*this); }

 private:
  EventLoop* loop_;
  Deadline until_;
};

inline Sleep pause_until(EventLoop& loop, Deadline until) { return {loop, until}; }

// Lets everything else that is ready run first, and the loop look at its sockets.
class Yield : public Operation {
 public:
  explicit Yield(EventLoop& loop) : loop_(&loop) {}
  bool begin() {
    loop_->post(*this);
    return false;
  }

 private:
  EventLoop* loop_;
};

// A flag that one task sets and one other task waits for.
class Signal {
 public:
  explicit Signal(EventLoop& loop) : loop_(loop) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  bool is_set() const { return set_; }
  void clear() { set_ = false; }
  void set() {
    set_ = true;
    if (waiting_ != nullptr) loop_.post(*std::exchange(waiting_, nullptr));
  }

  // Ends once the flag is set, or with `canceled` at `until`.
  class Wait : public Operation, public Timer {
   public:
    Wait(Signal& signal, Deadline until) : signal_(&signal), until_(until) {}
    ~Wait() {
      if (signal_->waiting_ == this) signal_->waiting_ = nullptr;
    }
    bool begin() {
      if (signal_->set_) return true;
      FAIRLEAD_ASSERT(signal_->waiting_ == nullptr);
      signal_->waiting_ = this;
      signal_->loop_.timers().set(*this, until_);
      return false;
    }
    void on_timer() override {
      if (signal_->waiting_ != this) return;
      signal_->waiting_ = nullptr;
      set_outcome(std::unexpected(Error{.code = ErrorCode::canceled, .detail = "the wait timed out"}));
      signal_->loop_.post(*this);
    }

   private:
    Signal* signal_;
    Deadline until_;
  };
  Wait wait(Deadline until = kNever) { return {*this, until}; }

 private:
  EventLoop& loop_;
  bool set_ = false;
  Wait* waiting_ = nullptr;
};

}  // namespace fairlead::runtime
