// A listening socket of one worker: accepts connections within their limits and starts their sessions.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "proxy/context.h"
#include "proxy/session.h"
#include "proxy/session_list.h"
#include "runtime/event_loop.h"
#include "runtime/runnable.h"
#include "runtime/task_group.h"
#include "runtime/timer_wheel.h"

namespace fairlead::proxy {

// Does not own the socket: it comes from outside and outlives the worker. Settings are shared with the sessions, which
// may outlive the listener.
class Listener final : private runtime::EventSource, private runtime::Runnable, private runtime::Timer {
 public:
  // `sessions` are those of all the worker's listeners, by name.
  Listener(Context& context, std::map<std::string, SessionList>& sessions, runtime::TaskGroup& tasks,
           std::shared_ptr<const SessionSettings> settings, int descriptor);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int descriptor() const { return descriptor_; }
  // Accepts what already waits in the kernel's queue: closing the socket would reset it.
  void accept_waiting();
  // For connections accepted from here on.
  void set_settings(std::shared_ptr<const SessionSettings> settings) { settings_ = std::move(settings); }

 private:
  void on_ready(runtime::Readiness readiness) override;
  void run() override;
  void on_timer() override;
  // Accepts up to `most`.
  void accept_some(int most);
  void take(const runtime::Accepted& accepted);
  // Empty, and counted, where there is none.
  Seat take_seat();
  // Whether there is memory for another connection: makes room, if need be.
  bool has_memory();
  // Tells the client why, if it can take that at once, and closes.
  void refuse(int descriptor, std::string_view answer);
  // The system has no descriptor or memory left: makes room, and lets new connections wait in the kernel's queue.
  void relieve();

  Context& context_;
  std::map<std::string, SessionList>& all_sessions_;
  SessionList& sessions_;  // of this listener
  runtime::TaskGroup& tasks_;
  std::shared_ptr<const SessionSettings> settings_;
  int descriptor_;
  bool is_paused_ = false;
};

}  // namespace fairlead::proxy
