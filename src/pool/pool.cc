#include "pool/pool.h"

#include <numeric>
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
  if (!options_.sticky.cookie.empty()) sticky_.emplace(options_.sticky, name_, members_);
  if (!options_.sticky.is_learned()) return;
  if (vitals_->sessions == nullptr) vitals_->sessions = std::make_unique<StickyTable>();
  sessions_.emplace(options_.sticky, members_, *vitals_->sessions);
}

PoolState Pool::state() const { return pool_state(members_); }

std::uint32_t StateCounts::total() const { return std::accumulate(counts_.begin(), counts_.end(), 0U); }

PoolState pool_state(const StateCounts& counts) {
  if (counts.total() == 0) return PoolState::empty;
  if (counts.serving() == counts.total()) return PoolState::ok;
  if (counts.serving() > 0) return PoolState::degraded;
  // A pool that has just started is not failing yet: nothing has been found wrong.
  return counts.of(ServerState::checking) > 0 && counts.failed() == 0 ? PoolState::degraded : PoolState::failing;
}

PoolState pool_state(std::span<const Member> members) {
  StateCounts counts;
  for (const Member& member : members) counts.add(member.server->state());
  return pool_state(counts);
}

}  // namespace fairlead::pool
