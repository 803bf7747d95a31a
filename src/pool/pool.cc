#include "pool/pool.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace fairlead::pool {

Pool::Pool(std::string name, PoolOptions options, std::vector<Member> members, std::shared_ptr<PoolVitals> vitals)
    : name_(std::move(name)),
      options_(std::move(options)),
      members_(std::move(members)),
      vitals_(std::move(vitals)),
      has_limits_(options_.limits.max_inflight ||
                  std::ranges::any_of(options_.servers,
                                      [](const ServerOptions& server) { return server.max_inflight.has_value(); })),
      generation_(vitals_->waiting_line.begin_generation()) {
  if (options_.sticky.is_on()) sticky_.emplace(options_.sticky, name_, members_);
}

PoolState Pool::state() const { return pool_state(members_); }

PoolState pool_state(std::span<const Member> members) {
  if (members.empty()) return PoolState::empty;
  std::size_t serving = 0;
  std::size_t checking = 0;
  std::size_t failed = 0;
  for (const Member& member : members) {
    const ServerState state = member.server->state();
    if (is_serving(state))
      ++serving;
    else if (state == ServerState::checking)
      ++checking;
    else if (state_class(state) == StateClass::failed)
      ++failed;
  }
  if (serving == members.size()) return PoolState::ok;
  if (serving > 0) return PoolState::degraded;
  // A pool that has just started is not failing yet: nothing has been found wrong.
  return checking > 0 && failed == 0 ? PoolState::degraded : PoolState::failing;
}

}  // namespace fairlead::pool
