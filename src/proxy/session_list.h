// The sessions of one listener on one worker, in the order in which they could be closed for others, and their tunnels.
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>

#include "base/assert.h"
#include "base/time.h"
#include "pool/server.h"
#include "proxy/open_tunnel.h"
#include "proxy/session.h"

namespace fairlead::proxy {

// Sessions and tunnels leave it by themselves when they are destroyed; all must be gone before it is.
class SessionList {
 public:
  SessionList() = default;
  SessionList(const SessionList&) = delete;
  SessionList& operator=(const SessionList&) = delete;
  ~SessionList() { FAIRLEAD_ASSERT(tunnels_.empty()); }

  // The session waits for a request from here on: it is the last of the idle ones.
  void note_idle(Session& session) { move_to(idle_, session); }
  void note_busy(Session& session) { move_to(busy_, session); }

  // Closes the connection that has been idle for longest, if any has been for `kIdleEnough`. Its seat is free at once,
  // its descriptor at the end of this turn of the loop. Constant time, amortized.
  bool close_longest_idle();
  // Takes over what a session has become. It ends by itself, or with `cut`.
  void add(std::unique_ptr<OpenTunnel> tunnel) { tunnels_.push_back(*tunnel.release()); }
  // Tunnels go on.
  void stop_when_idle();
  // As Session::end_stream_of, for all of them.
  void end_streams_of(const pool::Server& server);
  void cut();

 private:
  using List = boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>>;

  // A client that has just connected must have time to ask, and one that has its answer to ask again.
  static constexpr Duration kIdleEnough = std::chrono::seconds(1);

  static void move_to(List& list, Session& session) {
    session.unlink();
    list.push_back(session);
  }

  List idle_;  // the longest idle first; among them such as have begun a request meanwhile
  List busy_;
  boost::intrusive::list<OpenTunnel, boost::intrusive::constant_time_size<false>> tunnels_;
};

}  // namespace fairlead::proxy
