// The limit of a whole exchange (`timeouts.total`). What waits for a server takes its deadline from here; what waits
// for the client is ended by it.
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "http/stream.h"
#include "runtime/event_loop.h"
#include "runtime/timer_wheel.h"

namespace fairlead::proxy {

class TotalTime final : private runtime::Timer {
 public:
  TotalTime(runtime::EventLoop& loop, http::ServerStream& client) : loop_(loop), client_(client) {}

  // From here on; once.
  void begin(Deadline deadline) {
    deadline_ = deadline;
    loop_.timers().set(*this, deadline);
  }
  // The client may take as long as it likes from here on; the deadline stays.
  void release_client() { runtime::TimerWheel::cancel(*this); }

  Deadline deadline() const { return deadline_; }
  bool is_over() const { return loop_.now() >= deadline_; }
  // What a failure comes of: a wait that ended when the time was over has this limit as its cause.
  Error cause_of(const Error& error) const;

 private:
  void on_timer() override { client_.interrupt(); }

  runtime::EventLoop& loop_;
  http::ServerStream& client_;
  Deadline deadline_ = kNever;
};

}  // namespace fairlead::proxy
