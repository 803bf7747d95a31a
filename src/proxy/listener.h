// A listening socket of one worker: accepts connections and starts their sessions.
#pragma once

#include "proxy/context.h"
#include "proxy/session.h"
#include "runtime/event_loop.h"
#include "runtime/task_group.h"
#include "runtime/timer_wheel.h"

namespace fairlead::proxy {

// Does not own the socket: it comes from outside and outlives the worker. Settings are shared with the sessions, which
// may outlive the listener.
class Listener final : private runtime::EventSource, private runtime::Timer {
 public:
  Listener(Context& context, SessionList& sessions, runtime::TaskGroup& tasks,
           std::shared_ptr<const SessionSettings> settings, int descriptor);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int descriptor() const { return descriptor_; }
  // Accepts what already waits in the kernel's queue: closing the socket would reset it.
  void accept_waiting() { accept_all(); }
  // For connections accepted from here on.
  void set_settings(std::shared_ptr<const SessionSettings> settings) { settings_ = std::move(settings); }

 private:
  // Out of descriptors or memory: connections wait in the kernel's queue for this long.
  static constexpr Duration kPause = std::chrono::milliseconds(100);

  void on_ready(runtime::Readiness readiness) override;
  void on_timer() override { accept_all(); }
  void accept_all();

  Context& context_;
  SessionList& sessions_;
  runtime::TaskGroup& tasks_;
  std::shared_ptr<const SessionSettings> settings_;
  int descriptor_;
};

}  // namespace fairlead::proxy
