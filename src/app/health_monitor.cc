#include "app/health_monitor.h"

#include <algorithm>

#include "pool/health/catalog.h"
#include "pool/health/schedule.h"

namespace fairlead::app {

namespace {

// Calls `visit` for every server in the order of the configuration: no order may depend on where servers lie in memory.
template <typename Visit>
void for_each_server(const std::vector<std::shared_ptr<const pool::Pool>>& pools, Visit visit) {
  for (const auto& pool : pools) {
    for (const pool::Member& member : pool->members()) visit(*member.server);
  }
}

}  // namespace

// A server with all that watches it. Shared with its checking task, which may outlive its place in the monitor by one
// cancelled check.
struct HealthMonitor::Watched {
  Watched(runtime::EventLoop& loop, std::shared_ptr<pool::Server> of, std::shared_ptr<const pool::Pool> in,
          pool::Origin origin)
      : server(std::move(of)),
        pool(std::move(in)),
        machine(*server, pool::HealthMachine::options_of(pool->options()), origin, loop.now()),
        detector(std::in_place, *server, pool->options().passive, loop.now()),
        check(pool::make_health_check(pool->options().health, server->endpoint())),
        schedule(pool->options().health.every),
        next_tick(loop.now() + detector->tick()),
        checker(loop),
        stopped(loop) {}

  // A reload changed what is said of the server.
  void update(std::shared_ptr<const pool::Pool> in, TimePoint now) {
    const bool checks_otherwise = in->options().health != pool->options().health;
    const bool judges_otherwise = in->options().passive != pool->options().passive;
    pool = std::move(in);
    machine.set_options(pool::HealthMachine::options_of(pool->options()));
    if (checks_otherwise) {
      check = pool::make_health_check(pool->options().health, server->endpoint());
      schedule = pool::CheckSchedule(pool->options().health.every);
    }
    if (judges_otherwise) detector.emplace(*server, pool->options().passive, now);
  }

  std::shared_ptr<pool::Server> server;
  std::shared_ptr<const pool::Pool> pool;
  pool::HealthMachine machine;
  std::optional<pool::OutlierDetector> detector;  // always there; replaced when its options change
  std::shared_ptr<const pool::HealthCheck> check;
  pool::CheckSchedule schedule;
  TimePoint next_tick;
  Deadline resolve_at = kNever;
  pool::HealthChecker checker;
  runtime::Signal stopped;
};

HealthMonitor::HealthMonitor(runtime::EventLoop& loop, net::Resolver& resolver, Random& random,
                             HealthListener& listener)
    : loop_(loop), resolver_(resolver), random_(random), listener_(listener), checks_(loop), stopping_(loop) {
  loop_.timers().set(*this, loop_.now() + kHousekeeping);
}

HealthMonitor::~HealthMonitor() = default;

void HealthMonitor::watch(const std::vector<std::shared_ptr<const pool::Pool>>& pools, pool::Origin origin,
                          std::uint64_t generation) {
  generation_ = generation;
  const auto pools_before = std::exchange(pools_, pools);
  auto before = std::exchange(watched_, {});
  for (const auto& pool : pools) {
    for (const pool::Member& member : pool->members()) {
      auto& watched = watched_[member.server.get()];
      if (const auto kept = before.find(member.server.get()); kept != before.end()) {
        watched = std::move(kept->second);
        before.erase(kept);
        watched->update(pool, loop_.now());
        continue;
      }
      watched = std::make_shared<Watched>(loop_, member.server, pool, origin);
      if (!net::address_without_lookup(member.server->endpoint())) resolve(watched);
      checks_.start(check_for_ever(watched));
    }
  }
  for_each_server(pools_before, [&](const pool::Server& server) {
    if (const auto gone = before.find(&server); gone != before.end()) end_checks(*gone->second);
  });
  boost::unordered::erase_if(pool_states_, [&](const auto& entry) {
    return std::ranges::none_of(pools, [&](const auto& pool) { return pool->name() == entry.first; });
  });
  for (const auto& pool : pools) tell_pool(*pool, "config");
}

bool HealthMonitor::is_checking() const {
  return std::ranges::any_of(watched_, [](const auto& entry) {
    const pool::ServerState state = entry.second->machine.state();
    return state == pool::ServerState::checking || state == pool::ServerState::unresolved;
  });
}

std::vector<ServerReport> HealthMonitor::reports() const {
  std::vector<ServerReport> reports;
  for (const auto& pool : pools_) {
    for (const pool::Member& member : pool->members()) {
      const pool::HealthMachine& machine = watched_.at(member.server.get())->machine;
      reports.push_back({.pool = pool->name(),
                         .server = member.server->name(),
                         .state = machine.state(),
                         .why = machine.why(),
                         .since = machine.since(),
                         .in_flight = member.server->in_flight(),
                         .requests = member.server->requests()});
    }
  }
  return reports;
}

bool HealthMonitor::set_admin(std::string_view subject, pool::AdminState admin, std::string why) {
  const auto found =
      std::ranges::find_if(watched_, [&](const auto& entry) { return entry.first->subject() == subject; });
  if (found == watched_.end()) return false;
  tell(*found->second, found->second->machine.set_admin(admin, std::move(why), loop_.now()));
  return true;
}

runtime::Task<void> HealthMonitor::check_for_ever(std::shared_ptr<Watched> watched) {
  TimePoint due = watched->schedule.first(loop_.now());
  while (true) {
    // The signal ends the loop; the end of the wait is the time for the next check.
    if (co_await with_result(watched->stopped.wait(due))) co_return;
    const TimePoint began = loop_.now();
    if (const net::SocketAddress* address = watched->server->address(); address != nullptr) {
      const pool::HealthOptions& options = watched->pool->options().health;
      const std::shared_ptr<const pool::HealthCheck> check = watched->check;
      net::SocketAddress target = *address;
      if (options.port != 0) target.set_port(options.port);
      pool::CheckOutcome outcome =
          co_await watched->checker.run(*check, target, std::min(options.timeout, options.every));
      if (watched->stopped.is_set()) co_return;
      tell(*watched, outcome.timed_out ? watched->machine.check_timed_out(std::move(outcome.result), loop_.now())
                                       : watched->machine.checked(std::move(outcome.result), loop_.now()));
    }
    // A name that has just got its address is not kept waiting for its first check.
    due = watched->server->address() == nullptr ? began + kHousekeeping
                                                : watched->schedule.next(began, watched->machine.is_failing(), random_);
  }
}

void HealthMonitor::on_timer() {
  const TimePoint now = loop_.now();
  for_each_server(pools_, [&](const pool::Server& server) {
    const std::shared_ptr<Watched> watched = watched_.at(&server);
    if (watched->machine.wake_at() <= now) tell(*watched, watched->machine.advance(now));
    if (watched->next_tick <= now) {
      watched->next_tick = now + watched->detector->tick();
      assess(*watched);
    }
    if (watched->resolve_at <= now) resolve(watched);
  });
  loop_.timers().set(*this, now + kHousekeeping);
}

void HealthMonitor::assess(Watched& watched) {
  const auto finding = watched.detector->assess(loop_.now());
  if (!finding) return;
  const pool::PassiveOptions& options = watched.pool->options().passive;
  if (!pool::may_eject(watched.pool->members(), *watched.server, options.max_share)) return;
  const auto transition = watched.machine.eject(*finding, loop_.now());
  if (transition) watched.detector->reset(loop_.now());
  tell(watched, transition);
}

void HealthMonitor::on_suspect(pool::Server& server) {
  loop_.post_from_anywhere([this, alive = std::weak_ptr(alive_), suspect = &server] {
    if (alive.expired()) return;
    if (const auto watched = find(suspect)) assess(*watched);
  });
}

void HealthMonitor::resolve(const std::shared_ptr<Watched>& watched) {
  watched->resolve_at = kNever;
  resolver_.resolve(watched->server->endpoint(), [this, alive = std::weak_ptr(alive_), loop = &loop_,
                                                  server = watched->server.get()](net::Lookup lookup) {
    if (alive.expired()) return;
    loop->post_from_anywhere([this, alive, server, lookup = std::move(lookup)] {
      if (alive.expired()) return;
      if (const auto found = find(server)) resolved(*found, lookup);
    });
  });
}

void HealthMonitor::resolved(Watched& watched, const net::Lookup& lookup) {
  watched.resolve_at = loop_.now() + (lookup.addresses.empty() ? kResolveAgain : kResolveEvery);
  if (!lookup.addresses.empty()) {
    // The same name may have several addresses: the one in use stays as long as it is among them.
    const net::SocketAddress* used = watched.server->address();
    const bool is_known = used != nullptr && std::ranges::find(lookup.addresses, *used) != lookup.addresses.end();
    tell(watched, watched.machine.resolved(is_known ? *used : lookup.addresses.front(), loop_.now()));
  } else if (watched.server->address() == nullptr) {
    // A name that could be resolved before keeps its last good answer.
    tell(watched, watched.machine.unresolved(lookup.error, loop_.now()));
  }
}

void HealthMonitor::tell(Watched& watched, const std::optional<pool::Transition>& transition) {
  if (!transition) return;
  // What failed before says nothing of a server that is let in again.
  if (pool::is_serving(transition->to) && !pool::is_serving(transition->from)) watched.detector->reset(loop_.now());
  std::vector<std::string> evidence;
  for (const pool::Evidence& entry : transition->evidence) evidence.push_back(entry.check.summary);
  listener_.on_server_event({.at = loop_.wall_now(),
                             .pool = watched.pool->name(),
                             .server = watched.server->name(),
                             .from = transition->from,
                             .to = transition->to,
                             .reason = std::string(transition->reason),
                             .why = transition->why,
                             .evidence = std::move(evidence),
                             .generation = generation_});
  tell_pool(*watched.pool, "server_state");
}

void HealthMonitor::tell_pool(const pool::Pool& pool, std::string_view reason) {
  // What is not checked yet is no news.
  const bool is_checking = std::ranges::any_of(
      pool.members(), [](const pool::Member& member) { return member.server->state() == pool::ServerState::checking; });
  if (is_checking) return;
  const pool::PoolState now = pool.state();
  const auto [known, is_new] = pool_states_.try_emplace(pool.name(), pool::PoolState::ok);
  const pool::PoolState before = std::exchange(known->second, now);
  if (before == now) return;
  const auto serving = std::ranges::count_if(
      pool.members(), [](const pool::Member& member) { return pool::is_serving(member.server->state()); });
  listener_.on_pool_event({.at = loop_.wall_now(),
                           .pool = pool.name(),
                           .from = before,
                           .to = now,
                           .reason = std::string(reason),
                           .serving = static_cast<std::uint32_t>(serving),
                           .servers = static_cast<std::uint32_t>(pool.members().size()),
                           .generation = generation_});
}

void HealthMonitor::end_checks(Watched& watched) {
  watched.stopped.set();
  watched.checker.cancel();
}

std::shared_ptr<HealthMonitor::Watched> HealthMonitor::find(const pool::Server* server) const {
  const auto found = watched_.find(server);
  return found == watched_.end() ? nullptr : found->second;
}

void HealthMonitor::stop(std::move_only_function<void()> done) {
  alive_.reset();
  runtime::TimerWheel::cancel(*this);
  for_each_server(pools_, [&](const pool::Server& server) { end_checks(*watched_.at(&server)); });
  stopping_.start(finish(std::move(done)));
}

runtime::Task<void> HealthMonitor::finish(std::move_only_function<void()> done) {
  co_await checks_.join();
  // Not from within: this task itself must be gone by then.
  loop_.post_from_anywhere(std::move(done));
}

}  // namespace fairlead::app
