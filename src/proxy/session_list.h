// The sessions of one listener on one worker, in the order in which they could be closed for others.
#pragma once

#include "base/time.h"
#include "pool/server.h"
#include "proxy/session.h"

namespace fairlead::proxy {

// Sessions leave it by themselves when they are destroyed; all must be gone before it is.
class SessionList {
 public:
  // The session waits for a request from here on: it is the last of the idle ones.
  void note_idle(Session& session) { move_to(idle_, session); }
  void note_busy(Session& session) { move_to(busy_, session); }

  // Closes the connection that has been idle for longest, if any has been for `kIdleEnough`. Its seat is free at once,
  // its descriptor at the end of this turn of the loop. Constant time, amortized.
  bool close_longest_idle();
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
};

}  // namespace fairlead::proxy
