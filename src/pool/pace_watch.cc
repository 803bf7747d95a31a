#include "pool/pace_watch.h"

#include <algorithm>

#include "pool/outlier_detector.h"

namespace fairlead::pool {

void SlowSpell::begin(TimePoint now) {
  length_ = is_suspect(now) ? std::min(2 * length_, kLongest) : kFirst;
  until_ = now + length_;
}

bool SlowSpell::goes_on(Pace seen, ServerState state, TimePoint now) {
  if (state != ServerState::slow) {
    if (seen == Pace::normal && state == ServerState::up) length_ = {};
    return false;
  }
  if (seen == Pace::slow || seen == Pace::between) until_ = now + length_;
  if (seen == Pace::normal) until_ = now;
  return now < until_;
}

RecentAnswers PaceWatch::look(ServerState state, TimePoint now) {
  answers_.slide(now);
  if (!is_serving(state)) return {};
  RecentAnswers recent = answers_.recent(now);
  recent.is_suspect = spell_.is_suspect(now);
  return recent;
}

std::optional<Transition> PaceWatch::follow(const PoolPace& pace, const RecentAnswers& seen, const Pool& pool,
                                            HealthMachine& machine, TimePoint now) {
  const Pace found = pace.of(seen);
  const bool was_slow = machine.state() == ServerState::slow;
  if (spell_.goes_on(found, machine.state(), now)) return std::nullopt;
  if (was_slow) {
    answers_.restart(now);
    const char* why = found == Pace::normal ? "answers about as fast as the others again"
                                            : "too few answers to tell whether it is still slow";
    return machine.caught_up(why, spell_.length(), now);
  }
  if (found != Pace::slow) return std::nullopt;
  if (!may_slow_down(pool.members(), machine.server(), pool.options().passive.max_share)) return std::nullopt;
  spell_.begin(now);
  // What made it slow is no evidence that it still is; requests that are not answered yet, however, are.
  if (!seen.is_stuck) answers_.restart(now);
  return machine.turned_slow(pace.words(seen), now);
}

}  // namespace fairlead::pool
