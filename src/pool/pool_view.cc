#include "pool/pool_view.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "pool/balancers/catalog.h"
#include "pool/candidates.h"
#include "pool/outlier_detector.h"

namespace fairlead::pool {
namespace {

constexpr Error kAllFull{
    .code = ErrorCode::queue_full, .blame = Blame::upstream, .detail = "every server is at `max_inflight`"};

// Draws of a balancer before any server with room will do.
constexpr int kDraws = 5;

// The requests that a server was busy with beside the one that ends.
std::uint32_t others_in_flight(const Server& server) { return std::max(server.in_flight(), 1U) - 1; }

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
      balancer_(balancer_type(pool_->options().algorithm).make(*pool_, random)),
      by_load_(pool_->options().algorithm == Algorithm::prequal) {
  eligible_.reserve(pool_->members().size());
}

Result<Server*> PoolView::pick(const TriedServers& tried, TimePoint now, std::uint64_t key_hash) {
  refresh_if_changed(now);
  Server* server = balancer_->pick({.tried = tried, .now = now, .key_hash = key_hash});
  if (server == nullptr && !tried.empty()) server = untried_reserve(tried);
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

// What is full is passed over like what was tried, for a few draws; then any that has room will do.
Result<Permit> PoolView::take(const TriedServers& tried, TimePoint now, std::uint64_t key_hash) {
  const Result<Server*> picked = pick(tried, now, key_hash);
  if (!picked) return std::unexpected(picked.error());
  if (std::optional<Permit> permit = Permit::try_take(**picked)) return std::move(*permit);
  TriedServers passed = tried;
  passed.add(**picked);
  for (int draw = 1; draw < kDraws && passed.count() < TriedServers::kCapacity; ++draw) {
    Server* other = balancer_->pick({.tried = passed, .now = now, .key_hash = key_hash});
    if (other == nullptr) break;
    if (std::optional<Permit> permit = Permit::try_take(*other)) return std::move(*permit);
    passed.add(*other);
  }
  if (std::optional<Permit> permit = take_any(tried)) return std::move(*permit);
  return std::unexpected(kAllFull);
}

// Of all that are eligible; then of other primaries, which are far or beyond the subset; then of the backups.
std::optional<Permit> PoolView::take_any(const TriedServers& tried) {
  if (!knows_roles_) sort_by_role();
  // Servers that were made together lie in the order of the configuration.
  const std::uint64_t start = pool_->options().algorithm == Algorithm::first ? 0 : random_.next();
  for (const RoomSearch& servers : roles_) {
    if (std::optional<Permit> permit = servers.take(pool_->room(), start, tried)) return permit;
  }
  return std::nullopt;
}

void PoolView::sort_by_role() {
  knows_roles_ = true;
  auto& [eligible, primaries, backups] = roles_;
  for (RoomSearch& servers : roles_) servers.clear();
  for (const Candidate& candidate : eligible_) eligible.add(*candidate.server);
  for (const Member& member : pool_->members()) {
    Server& server = *member.server;
    if (is_serving(server.state()) && server.weight() > 0) (member.backup ? backups : primaries).add(server);
  }
}

bool PoolView::has_untried(const TriedServers& tried) const {
  const bool is_any_left =
      std::ranges::any_of(eligible_, [&](const Candidate& candidate) { return !tried.contains(*candidate.server); });
  return is_any_left || untried_reserve(tried) != nullptr;
}

void PoolView::refresh_if_changed(TimePoint now) {
  // The epoch is read before the states, so that a change in between is seen at the next choice.
  const std::uint64_t epoch = pool_->epoch();
  if (epoch == epoch_ && now < next_step_) return;
  epoch_ = epoch;
  refresh(now);
}

void PoolView::refresh(TimePoint now) {
  has_no_address_ = std::ranges::all_of(
      pool_->members(), [](const Member& member) { return member.server->state() == ServerState::unresolved; });
  last_resort_ = gather(*pool_, now, eligible_) == Tier::last_resort;
  bool is_any_warming = false;
  for (const Candidate& candidate : eligible_) is_any_warming |= candidate.server->state() == ServerState::warming;
  next_step_ = is_any_warming ? deadline_after(now, kWarmupStep) : kNever;
  knows_roles_ = false;
  balancer_->update(eligible_);
}

// For a request that failed on every eligible server while no check has noticed yet: of the primaries that are far or
// beyond the subset, else of the backups, else of those that were not checked yet, the one with the fewest requests.
Server* PoolView::untried_reserve(const TriedServers& tried) const {
  const Member* best = nullptr;
  const bool takes_unchecked = pool_->options().last_resort != LastResort::fail;
  for (const Member& member : pool_->members()) {
    const Server& server = *member.server;
    const bool is_unchecked = server.state() == ServerState::checking && takes_unchecked;
    if ((!is_serving(server.state()) && !is_unchecked) || server.weight() == 0 || tried.contains(server)) continue;
    const auto cost = [](const Member& one) {
      return std::tuple(one.server->state() == ServerState::checking, one.backup, one.server->in_flight());
    };
    if (best == nullptr || cost(member) < cost(*best)) best = &member;
  }
  return best == nullptr ? nullptr : best->server.get();
}

void PoolView::report(Server& server, int status, Duration wait, TimePoint now) {
  report_beginning(server, status, wait, now);
  report_end(server, status);
}

void PoolView::report_beginning(Server& server, int status, Duration wait, TimePoint now) {
  // An error is often faster than an answer. It must not make the server look like a fast one, which would draw more
  // requests to it: those of the server make it look slow, those of the client are passed over.
  if (status >= 500 || pool_->options().passive.statuses.contains(status)) {
    note_failure(server, wait, now);
    server.record_overload();
  } else if (status >= 400) {
    server.latency().record_at_least(wait, now);
    if (by_load_) server.load_latency().record_at_least(others_in_flight(server), wait, now);
  } else {
    record_answer(server, wait, now);
    if (by_load_) server.load_latency().record_answer(others_in_flight(server), wait, now);
    server.record_answer_time(wait, now);
  }
}

void PoolView::report_end(Server& server, int status) {
  if (pool_->options().passive.statuses.contains(status))
    count_failure(server);
  else
    server.record_success();
}

void PoolView::report(Server& server, const Error& error, Duration wait, TimePoint now) {
  const bool is_failure = counts_against_server(error, pool_->options().passive);
  if (error.blame == Blame::upstream) server.record_overload();
  if (is_failure) {
    note_failure(server, wait, now);
  } else {
    record_no_answer(server, wait, now);
    if (by_load_) server.load_latency().record_at_least(others_in_flight(server), wait, now);
  }
  if (is_failure) count_failure(server);
}

void PoolView::report_end(Server& server, const Error& error, TimePoint now) {
  if (error.blame == Blame::upstream) server.record_overload();
  if (!counts_against_server(error, pool_->options().passive)) return;
  note_failure(server, Duration::zero(), now);
  count_failure(server);
}

void PoolView::count_failure(Server& server) {
  if (server.record_failure()) suspects_.on_suspect(server);
}

void PoolView::note_failure(Server& server, Duration wait, TimePoint now) const {
  server.latency().record_failure(wait, now);
  if (by_load_) server.load_latency().record_failure(others_in_flight(server), wait, now);
}

}  // namespace fairlead::pool
