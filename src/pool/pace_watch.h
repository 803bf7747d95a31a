// Makes a server slow, and lets it back: the consequences of its pace.
#pragma once

#include <optional>

#include "base/time.h"
#include "pool/answer_window.h"
#include "pool/health_machine.h"
#include "pool/pace.h"
#include "pool/pool.h"
#include "pool/server_state.h"

namespace fairlead::pool {

// How long a server is taken to be slow while too few of its answers are seen to tell: one second at first, so that one
// whose requests queued by chance is back at once; twice as long each time that it comes back no faster, so that one
// that is truly slow costs ever less.
class SlowSpell {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::minutes(1);

  void begin(TimePoint now);
  // What was seen of it just now, in which state. True while the spell lasts.
  bool goes_on(Pace seen, ServerState state, TimePoint now);
  // Whether it was slow a short while ago and has not been seen normal at its full share since.
  bool is_suspect(TimePoint now) const { return length_ > Duration::zero() && now < until_ + kLongest; }
  Duration length() const { return length_; }

 private:
  Duration length_{};
  TimePoint until_{};
};

// One per server, on the control thread. The server outlives it.
class PaceWatch {
 public:
  PaceWatch(const Server& server, TimePoint now) : answers_(server, now) {}

  // What the server answered of late. Call it every AnswerWindow::kShortest / 4 or so.
  RecentAnswers look(ServerState state, TimePoint now);
  // What follows for the server from what look() saw, beside the others of its pool.
  std::optional<Transition> follow(const PoolPace& pace, const RecentAnswers& seen, const Pool& pool,
                                   HealthMachine& machine, TimePoint now);

 private:
  AnswerWindow answers_;
  SlowSpell spell_;
};

}  // namespace fairlead::pool
