#include "app/health_monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/prefetch.h"
#include "runtime/wait.h"

namespace fairlead::app {

namespace {

std::vector<std::string> words_of(const std::vector<pool::Evidence>& checks) {
  std::vector<std::string> words;
  for (const pool::Evidence& entry : checks) words.push_back(entry.check.summary);
  return words;
}

ServerReport report_of(const pool::Member& member, const pool::HealthMachine& machine) {
  const pool::Server& server = *member.server;
  const net::SocketAddress* address = server.address();
  return {.pool = server.pool(),
          .server = server.name(),
          .address = address == nullptr ? std::string() : address->text(),
          .backup = member.backup,
          .admin = machine.admin(),
          .state = machine.state(),
          .reason = std::string(machine.reason()),
          .why = machine.why(),
          .since = machine.since(),
          .evidence = machine.evidence(),
          .weight = server.weight(),
          .in_flight = server.in_flight(),
          .requests = server.requests(),
          .successes = server.successes(),
          .failures = server.failures(),
          .counts = machine.counts()};
}

}  // namespace

HealthMonitor::HealthMonitor(runtime::EventLoop& loop, net::Resolver& resolver, Random& random,
                             HealthListener& listener)
    : loop_(loop),
      resolver_(resolver),
      random_(random),
      listener_(listener),
      tools_(loop),
      checks_(loop),
      stopping_(loop) {
  loop_.timers().set(*this, loop_.now() + kHousekeeping);
}

HealthMonitor::~HealthMonitor() = default;

void HealthMonitor::watch(const std::vector<std::shared_ptr<const pool::Pool>>& pools, pool::Origin origin,
                          std::uint64_t generation) {
  generation_ = generation;
  pools_ = pools;
  auto before = std::exchange(watched_, {});
  const auto in_order_before = std::exchange(in_order_, {});
  rests_.clear();
  auto tallies_before = std::exchange(tallies_, {});
  auto zones_before = std::exchange(zones_, {});
  std::size_t new_servers = 0;
  for (const auto& pool : pools) {
    PoolTally& tally = tallies_[pool->name()] = tallies_before[pool->name()];
    tally.clear();
    zones_[pool->name()] = std::move(zones_before[pool->name()]);
    for (const pool::Member& member : pool->members()) {
      Watched& watched = watched_[member.server.get()];
      if (const auto kept = before.find(member.server.get()); kept != before.end()) {
        watched = std::move(kept->second);
        before.erase(kept);
        watched->update(pool, loop_.now());
      } else {
        watched = std::make_shared<WatchedServer>(tools_, member.server, pool, origin);
        if (!net::address_without_lookup(member.server->endpoint())) resolve(watched);
        const auto turn = static_cast<int>(new_servers++ / kFirstChecksAtOnce);
        checks_.start(check_for_ever(watched, loop_.now() + turn * kFirstChecksApart));
      }
      watched->turn = in_order_.size();
      in_order_.push_back(watched);
      rests_.push_back({.server = watched->server.get()});
      tally.add(watched->machine);
    }
  }
  for (const Watched& watched : in_order_before) {
    if (before.contains(watched->server.get())) watched->end_checks();
  }
  for (const auto& pool : pools) tell_pool(*pool, "config");
}

bool HealthMonitor::is_checking() const {
  return std::ranges::any_of(tallies_, [](const auto& entry) { return entry.second.is_undecided(); });
}

std::vector<PoolReport> HealthMonitor::report() const {
  std::vector<PoolReport> reports;
  for (const auto& pool : pools_) {
    const PoolTally& tally = tallies_.at(pool->name());
    PoolReport& report = reports.emplace_back(
        PoolReport{.name = pool->name(), .state = tally.state(), .serving = tally.serving(), .servers = {}});
    for (const pool::Member& member : pool->members())
      report.servers.push_back(report_of(member, watched_.at(member.server.get())->machine));
  }
  return reports;
}

bool HealthMonitor::set_admin(std::string_view subject, pool::AdminState admin, std::string why) {
  const auto found =
      std::ranges::find_if(in_order_, [&](const Watched& watched) { return watched->server->subject() == subject; });
  if (found == in_order_.end()) return false;
  feed(**found, [&](auto& machine, TimePoint now) { return machine.set_admin(admin, std::move(why), now); });
  return true;
}

runtime::Task<void> HealthMonitor::check_for_ever(Watched watched, TimePoint due) {
  const pool::Server* const server = watched->server.get();
  while (true) {
    // The end of the wait is the time for the next check; the signal brings it forward, or ends the checks.
    co_await with_result(watched->woken.wait(due));
    // Of thousands of servers hardly anything is in the cache. What one check needs is loaded while the others that are
    // due begin.
    prefetch(watched.get(), sizeof *watched);
    prefetch(server, sizeof *server);
    co_await runtime::Yield(loop_);
    watched->woken.clear();
    if (watched->is_stopped) co_return;
    const TimePoint began = loop_.now();
    if (watched->server->address() == nullptr) {
      due = kNever;  // The lookup that finds an address wakes us.
      continue;
    }
    Result<WatchedServer::Answer> answer = co_await watched->ask().result();
    if (watched->is_stopped) co_return;
    if (answer) answered(*watched, std::move(*answer));
    due = watched->schedule.next(began, watched->machine.is_failing(), random_);
  }
}

void HealthMonitor::answered(WatchedServer& watched, WatchedServer::Answer answer) {
  if (answer.address) {
    feed(watched, [&](auto& machine, TimePoint now) { return machine.resolved(*answer.address, now); });
  }
  feed(watched, [&](auto& machine, TimePoint now) {
    return answer.outcome.timed_out ? machine.check_timed_out(std::move(answer.outcome.result), now)
                                    : machine.checked(std::move(answer.outcome.result), now);
  });
}

void HealthMonitor::end_rests() {
  for (std::size_t asked = 0; asked < std::min(kRestsAsked, rests_.size()); ++asked) {
    next_rest_ = (next_rest_ + 1) % rests_.size();
    Rest& rest = rests_[next_rest_];
    if (rest.until != Deadline{} && rest.server->requests() != rest.requests) rest.until = {};
  }
}

void HealthMonitor::on_timer() {
  const TimePoint now = loop_.now();
  end_rests();
  for (std::size_t turn = 0; turn < in_order_.size(); ++turn) {
    if (rests_[turn].lasts(now)) continue;
    const Watched& watched = in_order_[turn];
    watched->machine.note_traffic(now);
    if (watched->machine.wake_at() <= now)
      feed(*watched, [](auto& machine, TimePoint at) { return machine.advance(at); });
    if (watched->next_tick <= now) {
      watched->next_tick = now + watched->detector->tick();
      assess(*watched);
    }
    if (watched->resolve_at <= now) resolve(watched);
  }
  for (std::size_t first = 0; const auto& pool : pools_) {
    compare_paces(*pool, first);
    first += pool->members().size();
  }
  loop_.timers().set(*this, now + kHousekeeping);
}

void HealthMonitor::assess(WatchedServer& watched) {
  const auto finding = watched.detector->assess(loop_.now());
  if (!finding) return;
  const pool::PassiveOptions& options = watched.pool->options().passive;
  if (!pool::may_eject(watched.pool->members(), *watched.server, options.max_share)) return;
  if (!pool::is_serving(watched.machine.state())) return;
  feed(watched, [&](auto& machine, TimePoint now) { return machine.eject(*finding, now); });
  watched.detector->reset(loop_.now());
}

void HealthMonitor::compare_paces(const pool::Pool& pool, std::size_t first) {
  const TimePoint now = loop_.now();
  const std::span rests = std::span(rests_).subspan(first, pool.members().size());
  recent_.clear();
  for (std::size_t index = 0; index < rests.size(); ++index) {
    WatchedServer& watched = *in_order_[first + index];
    recent_.push_back(rests[index].lasts(now) ? pool::RecentAnswers{}
                                              : watched.pace.look(watched.machine.state(), now));
  }
  pool::ZoneWatch& zone = zones_[pool.name()];
  zone.look(pool, recent_, now);
  if (std::optional<pool::ZoneEvent> event = zone.news(pool)) {
    event->at = loop_.wall_now();
    event->generation = generation_;
    listener_.on_zone_event(*event);
  }
  const pool::ZonePaces paces(pool, recent_);
  for (std::size_t index = 0; index < rests.size(); ++index) {
    if (rests[index].lasts(now)) continue;
    WatchedServer& watched = *in_order_[first + index];
    const std::uint64_t requests = watched.server->requests();
    feed(watched, [&](auto& machine, TimePoint at) {
      return watched.pace.follow(paces.of(pool.members()[index]), recent_[index], pool, machine, at);
    });
    rests[index].requests = requests;
    rests[index].until = rest_of(watched, recent_[index]);
  }
}

Deadline HealthMonitor::rest_of(const WatchedServer& watched, const pool::RecentAnswers& recent) {
  const bool is_quiet = recent.count == 0 && watched.server->in_flight() == 0;
  if (!is_quiet || watched.machine.state() != pool::ServerState::up || watched.machine.wake_at() != kNever) return {};
  return std::min(watched.next_tick + watched.detector->may_rest(), watched.resolve_at);
}

void HealthMonitor::on_suspect(pool::Server& server) {
  // By the time this is read the server may be gone, and another may lie in its place.
  loop_.post_from_anywhere([this, alive = std::weak_ptr(alive_), suspect = server.weak_from_this()] {
    if (alive.expired()) return;
    const std::shared_ptr<pool::Server> still_there = suspect.lock();
    if (const Watched watched = find(still_there.get())) assess(*watched);
  });
}

void HealthMonitor::resolve(const Watched& watched) {
  watched->resolve_at = kNever;
  resolver_.resolve(watched->server->endpoint(), [this, alive = std::weak_ptr(alive_), loop = &loop_,
                                                  asker = std::weak_ptr(watched)](net::Lookup lookup) {
    if (alive.expired()) return;
    loop->post_from_anywhere([this, alive, asker, lookup = std::move(lookup)] {
      if (alive.expired()) return;
      const Watched still_there = asker.lock();
      if (still_there != nullptr && !still_there->is_stopped) resolved(*still_there, lookup);
    });
  });
}

void HealthMonitor::resolved(WatchedServer& watched, const net::Lookup& lookup) {
  rests_[watched.turn].until = {};
  watched.resolve_at = loop_.now() + (lookup.addresses.empty() ? kResolveAgain : kResolveEvery);
  const net::SocketAddress* used = watched.server->address();
  if (!lookup.addresses.empty()) {
    watched.addresses = lookup.addresses;
    // The same name may have several addresses: the one in use stays as long as it is among them.
    const bool is_known = used != nullptr && std::ranges::find(lookup.addresses, *used) != lookup.addresses.end();
    const net::SocketAddress address = is_known ? *used : lookup.addresses.front();
    feed(watched, [&](auto& machine, TimePoint now) { return machine.resolved(address, now); });
    // What nobody has asked yet is asked at once.
    if (!is_known) watched.woken.set();
  } else if (used == nullptr) {
    // A name that could be resolved before keeps its last good answer.
    feed(watched, [&](auto& machine, TimePoint now) {
      return machine.unresolved(
          fmt::format("the name {} has no address: {}", watched.server->endpoint().host, lookup.error), now);
    });
  }
}

template <typename Input>
void HealthMonitor::feed(WatchedServer& watched, Input input) {
  const bool was_undecided = watched.machine.is_undecided();
  tell(watched, input(watched.machine, loop_.now()), was_undecided);
}

void HealthMonitor::tell(WatchedServer& watched, const std::optional<pool::Transition>& transition,
                         bool was_undecided) {
  if (!transition) return;
  rests_[watched.turn].until = {};
  tallies_.at(watched.pool->name()).move(watched.machine, transition->from, was_undecided);
  // What failed before says nothing of a server that is let in again.
  if (pool::is_serving(transition->to) && !pool::is_serving(transition->from)) watched.detector->reset(loop_.now());
  listener_.on_server_event({.at = loop_.wall_now(),
                             .pool = watched.pool->name(),
                             .server = watched.server->name(),
                             .from = transition->from,
                             .to = transition->to,
                             .reason = std::string(transition->reason),
                             .why = transition->why,
                             .evidence = words_of(transition->evidence),
                             .generation = generation_});
  tell_pool(*watched.pool, "server_state");
}

void HealthMonitor::tell_pool(const pool::Pool& pool, std::string_view reason) {
  constexpr std::size_t kNamedServers = 3;
  std::optional<pool::PoolEvent> event = tallies_.at(pool.name()).news(pool);
  if (!event) return;
  event->at = loop_.wall_now();
  event->reason = reason;
  event->generation = generation_;
  if (event->to == pool::PoolState::failing) {
    for (const pool::Member& member : pool.members().first(std::min(kNamedServers, pool.members().size()))) {
      const pool::HealthMachine& machine = watched_.at(member.server.get())->machine;
      event->evidence.push_back(
          fmt::format("{} {}: {}", member.server->name(), pool::word(machine.state()), machine.why()));
    }
  }
  listener_.on_pool_event(*event);
}

HealthMonitor::Watched HealthMonitor::find(const pool::Server* server) const {
  const auto found = watched_.find(server);
  return found == watched_.end() ? nullptr : found->second;
}

void HealthMonitor::stop(std::move_only_function<void()> done) {
  alive_.reset();
  runtime::TimerWheel::cancel(*this);
  for (const Watched& watched : in_order_) watched->end_checks();
  stopping_.start(finish(std::move(done)));
}

runtime::Task<void> HealthMonitor::finish(std::move_only_function<void()> done) {
  co_await checks_.join();
  tools_.probes.clear();
  // Not from within: this task itself must be gone by then.
  loop_.post_from_anywhere(std::move(done));
}

}  // namespace fairlead::app
