#include "pool/pool_view.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pool/balancers/catalog.h"
#include "pool/outlier_detector.h"

namespace fairlead::pool {
namespace {

// Who may serve, from the best that a pool can offer to the least bad.
enum class Tier : std::uint8_t { primary, backup, last_resort };

std::optional<Tier> tier_of(const Member& member) {
  const ServerState state = member.server->state();
  if (is_serving(state)) return member.backup ? Tier::backup : Tier::primary;
  if (is_last_resort(state)) return Tier::last_resort;
  return std::nullopt;
}

}  // namespace

PoolView::PoolView(std::shared_ptr<const Pool> pool, Random& random, SuspectListener& suspects)
    : pool_(std::move(pool)),
      suspects_(suspects),
      balancer_(balancer_type(pool_->options().algorithm).make(*pool_, random)) {
  eligible_.reserve(pool_->members().size());
}

Result<Server*> PoolView::pick(const TriedServers& tried, TimePoint now, std::uint64_t key_hash) {
  // The epoch is read before the states, so that a change in between is seen at the next choice.
  const std::uint64_t epoch = pool_->epoch();
  if (epoch != epoch_ || now >= next_step_) {
    epoch_ = epoch;
    refresh(now);
  }
  Server* server = balancer_->pick({.tried = tried, .now = now, .key_hash = key_hash});
  if (server == nullptr && !tried.empty()) server = untried_backup(tried);
  if (server == nullptr) {
    return std::unexpected(Error{.code = ErrorCode::no_server,
                                 .blame = Blame::upstream,
                                 .detail = tried.empty() ? "no server of the pool can take the request"
                                                         : "every server that could take the request was tried"});
  }
  return server;
}

bool PoolView::has_untried(const TriedServers& tried) const {
  const bool is_any_left =
      std::ranges::any_of(eligible_, [&](const Candidate& candidate) { return !tried.contains(*candidate.server); });
  return is_any_left || untried_backup(tried) != nullptr;
}

void PoolView::refresh(TimePoint now) {
  gather(now);
  bool is_any_warming = false;
  for (const Candidate& candidate : eligible_) is_any_warming |= candidate.server->state() == ServerState::warming;
  next_step_ = is_any_warming ? deadline_after(now, kWarmupStep) : kNever;
  balancer_->update(eligible_);
}

// Fills `eligible_` with the best tier that has a server. A weight of 0 takes no requests in any tier.
void PoolView::gather(TimePoint now) {
  last_resort_ = false;
  for (const Tier tier : {Tier::primary, Tier::backup, Tier::last_resort}) {
    if (tier == Tier::last_resort && pool_->options().last_resort == LastResort::fail) return;
    eligible_.clear();
    for (const Member& member : pool_->members()) {
      const std::uint32_t weight = member.server->effective_weight(now);
      if (weight > 0 && tier_of(member) == tier) eligible_.push_back({member.server.get(), weight});
    }
    last_resort_ = tier == Tier::last_resort && !eligible_.empty();
    if (!eligible_.empty()) return;
  }
}

// For a request that failed on every primary while no check has noticed yet: the backup with the fewest requests.
Server* PoolView::untried_backup(const TriedServers& tried) const {
  Server* best = nullptr;
  for (const Member& member : pool_->members()) {
    Server* server = member.server.get();
    if (!member.backup || !is_serving(server->state()) || server->weight() == 0 || tried.contains(*server)) continue;
    if (best == nullptr || server->in_flight() < best->in_flight()) best = server;
  }
  return best;
}

void PoolView::report(Server& server, int status, Duration wait, TimePoint now) {
  // An error is often faster than an answer. It must not make the server look like a fast one, which would draw more
  // requests to it: those of the server make it look slow, those of the client are passed over.
  if (status >= 500 || pool_->options().passive.statuses.contains(status))
    server.latency().record_failure(wait, now);
  else if (status >= 400)
    server.latency().record_at_least(wait, now);
  else
    server.latency().record_answer(wait, now);

  if (!pool_->options().passive.statuses.contains(status))
    server.record_success();
  else if (server.record_failure())
    suspects_.on_suspect(server);
}

void PoolView::report(Server& server, const Error& error, Duration wait, TimePoint now) {
  if (counts_against_server(error))
    server.latency().record_failure(wait, now);
  else
    server.latency().record_at_least(wait, now);
  if (counts_against_server(error) && server.record_failure()) suspects_.on_suspect(server);
}

}  // namespace fairlead::pool
