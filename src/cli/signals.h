// Signals as events of a loop, so that nothing ever runs inside a signal handler.
#pragma once

#include <functional>
#include <initializer_list>

#include "runtime/event_loop.h"

namespace fairlead::cli {

// Blocks the signals for this thread and all that it starts from here on; make it before any thread. Tells of each one
// on the loop's thread.
class Signals final : private runtime::EventSource {
 public:
  Signals(runtime::EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void on_ready(runtime::Readiness readiness) override;

  runtime::EventLoop& loop_;
  std::function<void(int)> on_signal_;
  int descriptor_;
};

}  // namespace fairlead::cli
