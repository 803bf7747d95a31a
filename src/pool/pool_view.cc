#include "pool/pool_view.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pool/balancers/catalog.h"
#include "pool/outlier_detector.h"

namespace fairlead::pool {
namespace {

constexpr Error kAllFull{
    .code = ErrorCode::queue_full, .blame = Blame::upstream, .detail = "every server is at `max_inflight`"};

// Draws of a balancer before all servers are looked at one after the other.
constexpr int kRedraws = 4;

// Who may serve, from the best that a pool can offer to the least bad.
enum class Tier : std::uint8_t { primary, backup, last_resort };

std::optional<Tier> tier_of(const Member& member) {
  const ServerState state = member.server->state();
  if (is_serving(state)) return member.backup ? Tier::backup : Tier::primary;
  if (is_last_resort(state)) return Tier::last_resort;
  return std::nullopt;
}

void record_answer(Server& server, Duration wait, TimePoint now) {
  server.latency().record_answer(wait, now);
  server.pace_sums().record(wait);
}

// The answer was not waited for to its beginning. It tells something where it would have been a late one.
void record_no_answer(Server& server, Duration wait, TimePoint now) {
  const std::uint32_t usual = server.latency().at(now).faded;
  if (usual != 0 && wait >= usual * PeakLatency::kUnit) server.pace_sums().record(wait);
  server.latency().record_at_least(wait, now);
}

}  // namespace

PoolView::PoolView(std::shared_ptr<const Pool> pool, Random& random, SuspectListener& suspects)
    : pool_(std::move(pool)),
      random_(random),
      suspects_(suspects),
      balancer_(balancer_type(pool_->options().algorithm).make(*pool_, random)) {
  eligible_.reserve(pool_->members().size());
}

Result<Server*> PoolView::pick(const TriedServers& tried, TimePoint now, std::uint64_t key_hash) {
  refresh_if_changed(now);
  Server* server = balancer_->pick({.tried = tried, .now = now, .key_hash = key_hash});
  if (server == nullptr && !tried.empty()) server = untried_backup(tried);
  if (server == nullptr && has_no_address_) {
    return std::unexpected(Error{.code = ErrorCode::dns_failed,
                                 .blame = Blame::upstream,
                                 .detail = "no name of the pool's servers has an address"});
  }
  if (server == nullptr) {
    return std::unexpected(Error{.code = ErrorCode::no_server,
                                 .blame = Blame::upstream,
                                 .detail = tried.empty() ? "no server of the pool can take the request"
                                                         : "every server that could take the request was tried"});
  }
  return server;
}

Result<Permit> PoolView::admit(const TriedServers& tried, TimePoint now, std::uint64_t key_hash) {
  // Whoever waits came first; a retry came before them all.
  if (pool_->has_limits() && tried.empty() && !pool_->waiting_line().is_empty()) return std::unexpected(kAllFull);
  return take(tried, now, key_hash);
}

Result<Permit> PoolView::admit_to(Server& server, TimePoint now) {
  refresh_if_changed(now);  // A retry asks who else there is.
  const ServerState state = server.state();
  // A cookie was issued when it was well: before its first check after a restart, it is taken to be.
  if (!is_serving(state) && state != ServerState::draining && state != ServerState::checking) {
    return std::unexpected(Error{.code = ErrorCode::no_server,
                                 .blame = Blame::upstream,
                                 .detail = "the server that the client sticks to is not up"});
  }
  if (pool_->has_limits() && !pool_->waiting_line().is_empty()) return std::unexpected(kAllFull);
  if (std::optional<Permit> permit = Permit::try_take(server)) return std::move(*permit);
  return std::unexpected(kAllFull);
}

runtime::Task<Permit> PoolView::wait_for_permit(Place& place, const TriedServers& tried, Deadline deadline,
                                                std::uint64_t key_hash) {
  const QueueOptions& queue = pool_->options().queue;
  const TimePoint began = place.loop().now();
  const bool looks_at_once = co_await place.enter(queue.max);
  // A burst is over after a while. Where the line stands, more comes than the servers can do: to let all wait for long
  // would serve nobody sooner.
  const bool is_overload = place.line_age() > queue.timeout;
  const Duration patience = is_overload ? std::min(queue.target, queue.timeout) : queue.timeout;
  const Deadline last = std::min(deadline_after(began, patience), deadline);
  if (!looks_at_once) co_await place.called(last);
  while (true) {
    Result<Permit> permit = take(tried, place.loop().now(), key_hash);
    if (permit || permit.error().code != ErrorCode::queue_full) co_return permit;
    co_await place.called(last);
  }
}

// What is full is passed over like what was tried, for a few draws; then the first that has room will do.
Result<Permit> PoolView::take(const TriedServers& tried, TimePoint now, std::uint64_t key_hash) {
  Result<Server*> picked = pick(tried, now, key_hash);
  if (!picked) return std::unexpected(picked.error());
  if (std::optional<Permit> permit = Permit::try_take(**picked)) return std::move(*permit);
  TriedServers passed = tried;
  for (int draw = 0; draw < kRedraws && passed.count() < TriedServers::kCapacity; ++draw) {
    passed.add(**picked);
    picked = pick(passed, now, key_hash);
    if (!picked) break;
    if (std::optional<Permit> permit = Permit::try_take(**picked)) return std::move(*permit);
  }
  if (std::optional<Permit> permit = take_any(tried)) return std::move(*permit);
  return std::unexpected(kAllFull);
}

// Of all that are eligible, beginning anywhere, so that they do not all fall on the first; then of the backups.
std::optional<Permit> PoolView::take_any(const TriedServers& tried) {
  const std::size_t start = eligible_.empty() ? 0 : random_.below(eligible_.size());
  for (std::size_t step = 0; step < eligible_.size(); ++step) {
    Server& server = *eligible_[(start + step) % eligible_.size()].server;
    if (tried.contains(server)) continue;
    if (std::optional<Permit> permit = Permit::try_take(server)) return permit;
  }
  for (const Member& member : pool_->members()) {
    Server& server = *member.server;
    if (!member.backup || !is_serving(server.state()) || server.weight() == 0 || tried.contains(server)) continue;
    if (std::optional<Permit> permit = Permit::try_take(server)) return permit;
  }
  return std::nullopt;
}

bool PoolView::has_untried(const TriedServers& tried) const {
  const bool is_any_left =
      std::ranges::any_of(eligible_, [&](const Candidate& candidate) { return !tried.contains(*candidate.server); });
  return is_any_left || untried_backup(tried) != nullptr;
}

void PoolView::refresh_if_changed(TimePoint now) {
  // The epoch is read before the states, so that a change in between is seen at the next choice.
  const std::uint64_t epoch = pool_->epoch();
  if (epoch == epoch_ && now < next_step_) return;
  epoch_ = epoch;
  refresh(now);
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
  has_no_address_ = std::ranges::all_of(
      pool_->members(), [](const Member& member) { return member.server->state() == ServerState::unresolved; });
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
  if (status >= 500 || pool_->options().passive.statuses.contains(status)) {
    server.latency().record_failure(wait, now);
    server.record_overload();
  } else if (status >= 400) {
    server.latency().record_at_least(wait, now);
  } else {
    record_answer(server, wait, now);
    server.record_answer_time(wait, now);
  }

  if (!pool_->options().passive.statuses.contains(status))
    server.record_success();
  else if (server.record_failure())
    suspects_.on_suspect(server);
}

void PoolView::report(Server& server, const Error& error, Duration wait, TimePoint now) {
  const bool is_failure = counts_against_server(error, pool_->options().passive);
  if (error.blame == Blame::upstream) server.record_overload();
  if (is_failure)
    server.latency().record_failure(wait, now);
  else
    record_no_answer(server, wait, now);
  if (is_failure && server.record_failure()) suspects_.on_suspect(server);
}

}  // namespace fairlead::pool
