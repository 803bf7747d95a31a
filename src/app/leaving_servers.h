// Servers that a reload has taken out: their long streams end after a while, everything else as it would have.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "pool/pool.h"
#include "pool/server.h"
#include "proxy/session_list.h"
#include "proxy/snapshot.h"
#include "runtime/event_loop.h"
#include "runtime/timer_wheel.h"

namespace fairlead::app {

// One per worker. A WebSocket or an event stream may last for days; the server that it leads to is to be stopped some
// time. Requests have their own limits and are left alone.
class LeavingServers final : private runtime::Timer {
 public:
  // Both outlive it.
  LeavingServers(runtime::EventLoop& loop, std::map<std::string, proxy::SessionList>& sessions)
      : loop_(loop), sessions_(sessions) {}

  // Gives the streams of every server that is in `before` and not in `after` the `drain` time of its pool.
  void add(const proxy::Snapshot& before, const proxy::Snapshot& after);

 private:
  struct Leaving {
    std::shared_ptr<const pool::Server> server;
    TimePoint until;
  };

  void on_timer() override;
  void set_timer();

  runtime::EventLoop& loop_;
  std::map<std::string, proxy::SessionList>& sessions_;
  std::vector<Leaving> leaving_;
};

}  // namespace fairlead::app
