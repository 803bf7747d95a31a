#include "app/engine.h"

#include <algorithm>
#include <latch>

#include "app/available_memory.h"
#include "app/descriptor_limit.h"
#include "app/machine_secret.h"
#include "app/memory_plan.h"
#include "app/system_environment.h"
#include "pool/key_moves.h"
#include "pool/server_state.h"

namespace fairlead::app {

struct Engine::Core {
  Core(std::uint64_t seed, pool::SuspectListener& suspects) : worker(loop, seed, suspects) {}

  runtime::EpollLoop loop;
  Worker worker;
  std::thread thread;
};

Engine::Engine(runtime::EventLoop& loop, SocketSource& sockets, net::Resolver& resolver, HealthListener& events,
               bool for_people)
    : loop_(loop),
      sockets_(sockets),
      resolver_(resolver),
      events_(events),
      for_people_(for_people),
      random_(static_cast<std::uint64_t>(loop.wall_now().time_since_epoch().count())),
      snapshots_(machine_secret(SystemEnvironment())) {}

Engine::~Engine() { FAIRLEAD_ASSERT(workers_.empty()); }

std::expected<void, StartError> Engine::start(const Options& options) {
  health_ = std::make_unique<HealthMonitor>(loop_, resolver_, random_, events_);
  const std::size_t count =
      options.workers.value_or(default_workers(options, available_memory(), std::thread::hardware_concurrency()));
  for (std::size_t index = 0; index < count; ++index) {
    workers_.push_back(std::make_unique<Core>(random_.next(), *health_));
  }
  for (const auto& core : workers_) core->thread = std::thread([&loop = core->loop] { loop.run(); });
  auto started = go_over_to(options, pool::Origin::process_start);
  if (!started) stop();
  return started;
}

std::expected<void, StartError> Engine::reload(const Options& options) {
  return go_over_to(options, pool::Origin::added);
}

std::expected<void, StartError> Engine::go_over_to(const Options& options, pool::Origin origin) {
  // First all that may fail, then all that may not.
  std::unique_ptr<Logs> logs;
  if (logs_ == nullptr || logs_->options() != options.log) {
    auto opened = Logs::open(options.log, workers_.size(), for_people_);
    if (!opened) return std::unexpected(StartError{.log = opened.error()});
    logs = std::move(*opened);
  }
  auto listeners = open_listeners(options);
  if (!listeners) return std::unexpected(listeners.error());

  const std::vector<OpenListener> before = std::exchange(listeners_, std::move(*listeners));
  if (logs != nullptr) std::swap(logs_, logs);
  options_ = options;
  seats_.apply(options, workers_.size(), descriptor_limit(), random_);
  const auto earlier = std::exchange(snapshot_, snapshots_.build(options, ++generation_));
  key_moves_.clear();
  if (earlier != nullptr) key_moves_ = pool::key_move_words(earlier->pools, snapshot_->pools);
  health_->watch(snapshot_->pools, origin, generation_);
  const MemoryPlan memory = plan_memory(options, {available_memory(), own_memory(options)}, workers_.size());
  memory_ = memory.total;
  snapshots_.kept_bodies().set_limit(memory.kept_bodies);
  on_every_worker([&](Worker& worker, std::size_t index) {
    worker.apply({.snapshot = snapshot_,
                  .listeners = listener_plans(index),
                  .access_log = logs_->access_plan(index),
                  .memory = memory.worker});
  });
  close_listeners_not_in(listeners_, before);
  return {};
}

// Read off before the first client comes: later, what clients have used and the heap has not given back would count.
std::uint64_t Engine::own_memory(const Options& options) {
  const std::uint64_t servers = memory_of_servers(options).bytes;
  if (generation_ == 1) own_at_start_ = {.used = memory_in_use(), .servers = servers};
  return own_at_start_.used + (servers > own_at_start_.servers ? servers - own_at_start_.servers : 0);
}

std::vector<ListenerLoad> Engine::listener_loads() const {
  std::vector<ListenerLoad> loads = seats_.loads();
  for (ListenerLoad& load : loads) load.memory = memory_;
  return loads;
}

std::expected<std::vector<Engine::OpenListener>, StartError> Engine::open_listeners(const Options& options) {
  std::vector<OpenListener> listeners;
  for (const auto& [name, listener] : options.listeners) {
    for (const net::Endpoint& endpoint : listener.address) {
      const auto kept = std::ranges::find(listeners_, endpoint, &OpenListener::endpoint);
      if (kept != listeners_.end()) {
        listeners.push_back({name, endpoint, kept->sockets});
        continue;
      }
      auto sockets = sockets_.open(endpoint, workers_.size());
      if (!sockets) {
        close_listeners_not_in(listeners_, listeners);
        return std::unexpected(StartError{.listen = sockets.error()});
      }
      listeners.push_back({name, endpoint, std::move(*sockets)});
    }
  }
  return listeners;
}

void Engine::close_listeners_not_in(const std::vector<OpenListener>& kept, const std::vector<OpenListener>& from) {
  for (const OpenListener& listener : from) {
    if (std::ranges::find(kept, listener.endpoint, &OpenListener::endpoint) != kept.end()) continue;
    sockets_.close(listener.endpoint, listener.sockets);
  }
}

std::vector<ListenerPlan> Engine::listener_plans(std::size_t worker) const {
  std::vector<ListenerPlan> plans;
  for (const OpenListener& listener : listeners_) {
    const proxy::ListenerOptions& options = options_.listeners.at(listener.name);
    plans.push_back(
        {.socket = listener.sockets[worker],
         .settings = std::make_shared<const proxy::SessionSettings>(proxy::SessionSettings{
             .listener = listener.name,
             .proxy_protocol = options.proxy_protocol,
             .trusted = net::IpSet(options.trusted_proxies),
             .http = {.header_timeout = options.timeouts.header,
                      .body_idle = options.timeouts.body_idle,
                      .keepalive = options.timeouts.keepalive,
                      .header_size = static_cast<std::size_t>(options.limits.header_size.bytes),
                      .target_size = static_cast<std::size_t>(options.limits.uri_size.bytes),
                      .fields = options.limits.fields,
                      .chunks = {.extension_bytes = static_cast<std::uint16_t>(options.limits.chunk_extensions.bytes),
                                 .trailer_bytes = static_cast<std::uint16_t>(options.limits.trailer_size.bytes),
                                 .trailers = static_cast<std::uint8_t>(options.limits.trailers)},
                      .pipelined = options.limits.pipelined,
                      .min_rate = options.limits.min_rate.value_or(ByteRate{}).per_second,
                      .paths = {.merges_slashes = options.path.duplicate_slashes == proxy::DuplicateSlashes::merge,
                                .keeps_encoded_slashes = options.path.encoded_slashes == proxy::EncodedSlashes::keep}},
             .is_loopback = net::is_loopback(listener.endpoint),
             .seats = seats_.seats(listener.name),
             .per_client = seats_.client_limit(listener.name)})});
  }
  return plans;
}

void Engine::on_every_worker(const std::function<void(Worker&, std::size_t)>& action) {
  std::latch done(static_cast<std::ptrdiff_t>(workers_.size()));
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    Worker& worker = workers_[index]->worker;
    worker.loop().post_from_anywhere([&, index] {
      action(worker, index);
      done.count_down();
    });
  }
  done.wait();
}

Totals Engine::totals() const {
  Totals totals;
  for (const auto& core : workers_) {
    const proxy::Counters& counters = core->worker.counters();
    totals.connections += counters.connections.value();
    totals.requests += counters.requests.value();
    totals.retries += counters.retries.value();
    totals.retries_recovered += counters.retries_recovered.value();
    totals.server_errors += counters.status_classes[5].value();
    totals.cut_responses += counters.cut_responses.value();
    totals.hedges += counters.hedges.value();
    totals.hedges_won += counters.hedges_won.value();
    totals.sticky_forged += counters.sticky_forged.value();
    totals.sticky_stale += counters.sticky_stale.value();
    totals.open_connections += counters.open_connections.value();
    totals.open_tunnels += counters.open_tunnels.value();
    totals.open_requests += counters.open_requests.value() - counters.open_tunnels.value();
  }
  return totals;
}

void Engine::drain() {
  on_every_worker([](Worker& worker, std::size_t) { worker.drain(); });
  close_listeners_not_in({}, std::exchange(listeners_, {}));
}

OpenWork Engine::open_work() const {
  const Totals now = totals();
  return {.requests = now.open_requests, .tunnels = now.open_tunnels};
}

void Engine::stop() {
  for (const auto& core : workers_) {
    core->loop.post_from_anywhere([&core = *core] { core.worker.stop([&loop = core.loop] { loop.stop(); }); });
  }
  for (const auto& core : workers_) core->thread.join();
  close_listeners_not_in({}, std::exchange(listeners_, {}));
  if (health_ != nullptr) {
    health_->stop([this] { loop_.stop(); });
    loop_.run();
  }
  workers_.clear();
  // Nobody may speak to the monitor any more; what its servers share goes with the snapshot.
  health_.reset();
  snapshot_.reset();
  if (logs_ != nullptr) logs_->close();
}

}  // namespace fairlead::app
