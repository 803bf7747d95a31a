#include "app/leaving_servers.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

namespace fairlead::app {

void LeavingServers::add(const proxy::Snapshot& before, const proxy::Snapshot& after) {
  boost::unordered_flat_set<const pool::Server*> staying;
  for (const auto& pool : after.pools)
    for (const pool::Member& member : pool->members()) staying.insert(member.server.get());
  for (const auto& pool : before.pools) {
    for (const pool::Member& member : pool->members()) {
      if (staying.contains(member.server.get())) continue;
      leaving_.push_back({member.server, deadline_after(loop_.now(), pool->options().drain)});
    }
  }
  set_timer();
}

void LeavingServers::on_timer() {
  const TimePoint now = loop_.now();
  const auto is_over = [now](const Leaving& leaving) { return leaving.until <= now; };
  for (const Leaving& leaving : leaving_) {
    if (!is_over(leaving)) continue;
    for (auto& [listener, sessions] : sessions_) sessions.end_streams_of(*leaving.server);
  }
  std::erase_if(leaving_, is_over);
  set_timer();
}

void LeavingServers::set_timer() {
  const auto next = std::ranges::min_element(leaving_, {}, &Leaving::until);
  loop_.timers().set(*this, next == leaving_.end() ? kNever : next->until);
}

}  // namespace fairlead::app
