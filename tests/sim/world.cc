#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/counted_heap.h"
#include "net/kept_bytes.h"
#include "sim/verdict.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kWarmUp = 3s;   // until every server has had its first check
constexpr Duration kLongest = 1h;  // a run that takes longer hangs

const net::Endpoint kProxy{.host = "10.9.9.9", .port = 80};

runtime::NetworkConditions draw_conditions(Random& random, bool is_whole) {
  if (is_whole) return {.cut = 0, .short_send = 0, .late_news = 0};
  static constexpr std::array<std::size_t, 4> kBuffers{2048, 16 * 1024, 64 * 1024, 256 * 1024};
  static constexpr std::array<double, 3> kChances{0, 0.3, 0.9};
  return {.min_delay = 10us,
          .max_delay = std::chrono::microseconds(20 + random.below(10'000)),
          .socket_buffer = kBuffers[random.below(kBuffers.size())],
          .cut = kChances[random.below(kChances.size())],
          .short_send = kChances[random.below(2)]};
}

}  // namespace

World::World(std::uint64_t seed)
    : random_(seed),
      weather_(chance(0.35) ? Weather::calm : Weather::stormy),
      sends_whole_(chance(0.2)),
      servers_hang_up_(chance(0.3)),
      loop_(random_.next(), draw_conditions(random_, sends_whole_)),
      monitor_random_(random_.next()),
      monitor_(loop_, names_, monitor_random_, events_),
      worker_(loop_, random_.next(), monitor_),
      client_tasks_(loop_),
      script_(loop_) {
  plan_servers();
  plan_options();
}

World::~World() = default;

Duration World::time_below(Duration limit) {
  return Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(limit.count()) + 1)));
}

void World::plan_servers() {
  const auto count = static_cast<int>(1 + random_.below(6));
  well_ = static_cast<int>(1 + random_.below(static_cast<std::uint64_t>(count)));
  const bool is_outage = weather_ == Weather::stormy && chance(0.1);
  for (int number = 1; number <= count; ++number) {
    ServerPlan plan{.number = number, .close_rate = chance(0.3) ? 0.3 : 0};
    if (chance(0.1)) plan.max_body = 200 * 1024;
    if (servers_hang_up_) plan.idle = 1ms + time_below(300ms);
    if (weather_ == Weather::stormy) {
      plan.sends_whole = sends_whole_;
      if (chance(0.7)) plan.fault_rate = chance(0.3) ? 1.0 : 0.2;
      // A few ways to fail per server, so that each of them is seen often in some run.
      for (int way = 0; way < 3; ++way) {
        auto fate = static_cast<Fate>(random_.below(static_cast<std::uint64_t>(Fate::aborted)));
        if (fate == Fate::tunnel) fate = Fate::hang;
        plan.faults.push_back(fate);
      }
    }
    // Where nothing works, retries must not make it worse.
    if (is_outage) {
      plan.fault_rate = 1;
      plan.faults = {Fate::reset_before};
    }
    servers_.push_back(std::make_unique<Server>(loop_, random_, journal_, plan));
  }
}

std::uint32_t World::draw_weight(const Server& server) {
  if (!is_well(server) && chance(0.1)) return 0;
  return 1 + static_cast<std::uint32_t>(random_.below(200));
}

void World::plan_options() {
  pool::PoolOptions& pool = options_.pools["web"];
  for (const auto& server : servers_) {
    pool.servers.push_back(
        {.name = fmt::format("s{}", server->plan().number),
         .address = {.host = "10.0.0.1", .port = static_cast<std::uint16_t>(3000 + server->plan().number)},
         .weight = draw_weight(*server),
         .backup = chance(0.2)});
  }
  pool.algorithm = static_cast<pool::Algorithm>(random_.below(3));
  pool.health = {.every = 500ms, .timeout = 200ms, .fall = 2, .rise = 1};
  if (chance(0.5)) {
    pool.health.type = pool::HealthType::http;
    pool.health.path = "/health";
  }
  pool.timeouts.connect = 300ms;
  pool.warmup = chance(0.5) ? 0s : 5s;
  if (chance(0.2)) pool.keepalive.max_idle = static_cast<std::uint32_t>(random_.below(3));
  if (chance(0.2)) pool.keepalive.requests = 1 + static_cast<std::uint32_t>(random_.below(3));
  if (chance(0.4)) {
    pool.limits.max_inflight = 1 + static_cast<std::uint32_t>(random_.below(3));
    if (chance(0.2)) pool.limits.max_inflight = pool::PoolLimits::kLearned;
    // In calm weather everybody is served in the end.
    pool.queue = {.max = 1000, .timeout = 30min};
    if (weather_ == Weather::stormy) pool.queue = {.max = static_cast<std::uint32_t>(random_.below(4)), .timeout = 1s};
  }
  if (weather_ == Weather::stormy && chance(0.2)) pool.last_resort = pool::LastResort::fail;

  proxy::RouteOptions route{.to = "web"};
  route.timeouts = {.first_byte = 3s, .idle = 3s, .stream_idle = 20s};
  if (weather_ == Weather::calm) {
    route.retry.attempts = 8;
    route.retry.budget = Share{100};
  } else {
    route.retry.attempts = static_cast<std::uint32_t>(random_.below(4));
    if (chance(0.2)) route.retry.statuses = {{{404, 404}}};
    if (chance(0.2)) route.timeouts.total = chance(0.5) ? 100ms : 2s;
    if (chance(0.15)) route.timeouts.per_try = 1500ms;
    if (chance(0.2)) route.body.buffer = ByteCount{1024 + random_.below(4096)};
    if (route.body.buffer && chance(0.5)) builder_.kept_bodies().set_limit(ByteCount{2048});
    if (chance(0.2)) route.body.max = ByteCount{random_.below(3000)};
  }
  if (chance(0.5)) route.retry.methods.emplace_back("PUT");
  if (chance(0.25)) route.hedge = proxy::HedgeOptions{.after = 1ms + time_below(chance(0.5) ? 20ms : 1s)};
  options_.routes.push_back(route);
  plan_sticky();
  plan_limits();
}

void World::plan_sticky() {
  if (!chance(0.4)) return;
  pool::StickyOptions& sticky = options_.pools["web"].sticky;
  (chance(0.5) ? sticky.cookie : sticky.header) = "X-User";
  if (weather_ == Weather::stormy && chance(0.5)) sticky.on_down = pool::OnDown::fail;
}

void World::plan_limits() {
  proxy::SessionSettings settings{
      .listener = "web",
      .http = {.header_timeout = 4s, .body_idle = 4s, .keepalive = 8s, .header_size = 64 * 1024},
      .seats = std::make_shared<proxy::ListenerSeats>(process_seats_)};
  if (chance(0.15)) {
    seats_ = 1 + static_cast<std::uint32_t>(random_.below(8));
    settings.seats->own().set_limit(seats_);
  }
  // All clients of a run have one address.
  if (chance(0.1)) {
    const auto most = 1 + static_cast<std::uint32_t>(random_.below(8));
    settings.per_client = {.table = std::make_shared<proxy::ClientTable>(100, random_.next()), .most = most};
    seats_ = seats_ == 0 ? most : std::min(seats_, most);
  }
  if (chance(0.5)) settings.http.min_rate = 1 + random_.below(1000);
  if (chance(0.3)) settings.http.target_size = 64 + random_.below(1000);
  if (chance(0.3)) settings.http.fields = 16 + random_.below(112);
  if (chance(0.2)) settings.http.pipelined = 1 + static_cast<std::uint32_t>(random_.below(3));
  // What clients and servers send is within these: a trailer, and one interim response besides a 100.
  if (chance(0.2)) settings.http.chunks = {.extension_bytes = 0, .trailer_bytes = 64, .trailers = 1};
  if (chance(0.2)) {
    pool::PoolLimits& limits = options_.pools["web"].limits;
    limits.interim = 2;
    limits.trailers = 1;
    limits.trailer_size = ByteCount{64};
    limits.chunk_extensions = ByteCount{0};
    limits.header_size = 1_KiB;
    limits.fields = 8;
  }
  if (chance(0.2)) hoard_.hold(std::string(net::KeptBytes::much() * (chance(0.5) ? 1 : 2), 'x'));
  settings_ = std::make_shared<const proxy::SessionSettings>(std::move(settings));
  if (chance(0.1)) memory_ = plan_memory();
}

// Clients and servers of this world use it too.
app::WorkerMemory World::plan_memory() {
  constexpr std::size_t kLeast = std::size_t{32} * 1024;
  const std::size_t more = kLeast + random_.below(16 * kLeast);
  const runtime::Slab::Usage slab = runtime::Slab::usage();
  return {.connections = slab.in_use + slab.free + CountedHeap::in_use() + more,
          .unfinished_heads = more,
          .much_kept = net::KeptBytes::kUsuallyMuch,
          .pipes = random_.below(3)};
}

// What an operator might change. In calm weather server 1 stays.
void World::change_options() {
  pool::PoolOptions& pool = options_.pools["web"];
  for (pool::ServerOptions& server : pool.servers) {
    if (chance(0.3)) server.weight = 1 + static_cast<std::uint32_t>(random_.below(200));
  }
  if (pool.servers.size() > 1 && chance(0.5)) {
    pool.servers.pop_back();
  } else if (pool.servers.size() < servers_.size()) {
    const Server& server = *servers_[pool.servers.size()];
    pool.servers.push_back(
        {.name = fmt::format("s{}", server.plan().number),
         .address = {.host = "10.0.0.1", .port = static_cast<std::uint16_t>(3000 + server.plan().number)}});
  }
  if (chance(0.3)) pool.algorithm = static_cast<pool::Algorithm>(random_.below(3));
}

void World::apply() {
  const auto origin = snapshots_.empty() ? pool::Origin::process_start : pool::Origin::added;
  snapshots_.push_back(builder_.build(options_, snapshots_.size() + 1));
  monitor_.watch(snapshots_.back()->pools, origin, snapshots_.size());
  worker_.apply({.snapshot = snapshots_.back(),
                 .listeners = {{.socket = listener_, .settings = settings_}},
                 .access_log = {},
                 .memory = memory_});
}

ClientPlan World::plan_client() {
  ClientPlan plan{.batches = static_cast<int>(1 + random_.below(6))};
  if (chance(0.3)) plan.pipeline = 4;
  if (chance(0.3)) plan.slow_rate = 0.3;
  if (chance(0.3)) plan.close_rate = 0.3;
  if (chance(0.2)) plan.upgrade_rate = 0.4;
  if (chance(0.2)) plan.old_rate = 0.3;
  if (chance(0.1)) plan.max_body = 150 * 1024;
  if (const auto& limit = options_.routes.front().body.max) plan.edge = static_cast<std::size_t>(limit->bytes);
  plan.number = static_cast<int>(clients_.size()) + 1;
  plan.is_known = options_.pools["web"].sticky.is_on();
  if (settings_->http.target_size < http::kMaxTarget) plan.longest_target = settings_->http.target_size;
  if (settings_->http.fields < http::FieldList::kCapacity) plan.most_fields = settings_->http.fields;
  if (weather_ == Weather::stormy && chance(0.4)) plan.unfair_rate = 0.5;
  return plan;
}

// What happens to a server from outside.
runtime::Task<void> World::disturb(Server& server) {
  const bool may_crash = weather_ == Weather::stormy;
  if (weather_ == Weather::calm && is_well(server)) co_return;
  for (std::uint64_t times = random_.below(4); times > 0; --times) {
    co_await runtime::pause_until(loop_, loop_.now() + time_below(3s));
    const std::uint64_t what = random_.below(may_crash ? 3 : 2);
    if (what == 0) server.refuse();
    if (what == 1) server.vanish(true);
    if (what == 2) server.crash();
    co_await runtime::pause_until(loop_, loop_.now() + time_below(5s));
    server.vanish(false);
    server.listen();
  }
}

runtime::Task<void> World::reload(Duration after) {
  co_await runtime::pause_until(loop_, loop_.now() + after);
  if (drained_at_ != kNever) co_return;
  change_options();
  apply();
}

// No server ever has more requests in flight than it may. One that is learned may come to be below them.
runtime::Task<void> World::watch_limit() {
  const std::uint32_t limit = *options_.pools["web"].limits.max_inflight;
  while (client_tasks_.size() > 0) {
    for (const pool::Member& member : snapshots_.back()->pools.front()->members()) {
      if (member.server->in_flight() <= limit) continue;
      journal_.violations.push_back(
          fmt::format("{} has {} requests in flight", member.server->name(), member.server->in_flight()));
    }
    co_await runtime::pause_until(loop_, loop_.now() + 20ms);
  }
}

// Nor does the listener have more connections than it may.
runtime::Task<void> World::watch_seats() {
  while (client_tasks_.size() > 0) {
    if (process_seats_.taken() > seats_)
      journal_.violations.push_back(fmt::format("{} connections are open, of {}", process_seats_.taken(), seats_));
    co_await runtime::pause_until(loop_, loop_.now() + 5ms);
  }
}

runtime::Task<void> World::end_early(Duration after) {
  co_await runtime::pause_until(loop_, loop_.now() + after);
  drained_at_ = loop_.now();
  worker_.drain();
  loop_.close(std::exchange(listener_, -1), false);
  if (chance(0.5)) co_return;
  co_await runtime::pause_until(loop_, loop_.now() + time_below(3s));
  cut_at_ = loop_.now();
  worker_.cut();
}

Report World::run() {
  const net::SocketAddress address = *net::address_without_lookup(kProxy);
  listener_ = loop_.listen(address.get(), address.size);
  for (const auto& server : servers_) {
    // In calm weather some are down from the start.
    if (weather_ == Weather::stormy || is_well(*server) || chance(0.5)) server->listen();
  }
  apply();
  loop_.run_until(loop_.now() + kWarmUp);

  for (const auto& server : servers_) script_.start(disturb(*server));
  for (std::uint64_t reloads = random_.below(4); reloads > 0; --reloads) script_.start(reload(time_below(4s)));
  if (chance(0.15)) script_.start(end_early(time_below(4s)));
  for (std::uint64_t count = 1 + random_.below(8); count > 0; --count) {
    clients_.push_back(std::make_unique<Client>(loop_, random_, journal_, address, plan_client(), next_id_));
    client_tasks_.start(clients_.back()->run());
  }
  if (options_.pools["web"].limits.max_inflight.value_or(0) > 0) script_.start(watch_limit());
  if (seats_ > 0) script_.start(watch_seats());
  const Deadline last = loop_.now() + kLongest;
  while (client_tasks_.size() + script_.size() > 0 && loop_.now() < last) loop_.run_until(loop_.now() + 1s);
  if (client_tasks_.size() > 0) journal_.violations.emplace_back("clients still wait after an hour");
  end();
  const proxy::RouteOptions& route = options_.routes.front();
  judge(journal_, {.is_calm = weather_ == Weather::calm,
                   .servers_hang_up = servers_hang_up_,
                   .are_seats_limited = seats_ > 0,
                   .is_memory_limited = memory_.has_value(),
                   .retries = route.retry.attempts,
                   .are_puts_repeated = std::ranges::find(route.retry.methods, "PUT") != route.retry.methods.end(),
                   .are_hedged = route.hedge.has_value(),
                   .are_tries_short = route.timeouts.per_try.has_value(),
                   .total = route.timeouts.total,
                   .per_try = route.timeouts.per_try,
                   .largest_body = route.body.max ? std::optional(route.body.max->bytes) : std::nullopt,
                   .retried_status = route.retry.statuses.contains(404) ? 404 : 0,
                   .drained_at = drained_at_,
                   .cut_at = cut_at_});
  check_counters();
  check_budget();
  check_homes();
  check_leftovers();
  return report();
}

void World::end() {
  if (drained_at_ == kNever) worker_.drain();
  if (listener_ >= 0) loop_.close(std::exchange(listener_, -1), false);
  bool worker_ended = false;
  bool monitor_ended = false;
  worker_.stop([&] { worker_ended = true; });
  monitor_.stop([&] { monitor_ended = true; });
  for (const auto& server : servers_) server->refuse();
  const bool is_quiet = loop_.run_until(loop_.now() + kLongest);
  if (!worker_ended) journal_.violations.emplace_back("the worker does not stop");
  if (!monitor_ended) journal_.violations.emplace_back("the health monitor does not stop");
  if (!is_quiet) journal_.violations.emplace_back("something goes on after the end");
}

void World::check_leftovers() {
  if (process_seats_.taken() > 0)
    journal_.violations.push_back(fmt::format("{} seats were not given back", process_seats_.taken()));
  if (loop_.open_descriptors() > 0) {
    journal_.violations.push_back(fmt::format("{} descriptors were left open", loop_.open_descriptors()));
  }
  for (const auto& snapshot : snapshots_) {
    if (!snapshot->pools.front()->waiting_line().is_empty())
      journal_.violations.emplace_back("a request waits for ever");
    for (const pool::Member& member : snapshot->pools.front()->members()) {
      if (member.server->in_flight() == 0) continue;
      journal_.violations.push_back(
          fmt::format("{} requests are in flight on {} for ever", member.server->in_flight(), member.server->name()));
    }
  }
}

void World::check_counters() {
  const proxy::Counters& counters = worker_.counters();
  const auto expect = [this](std::string_view name, auto value, auto wanted) {
    if (std::cmp_equal(value, wanted)) return;
    journal_.violations.push_back(fmt::format("the count of {} is {}, not {}", name, value, wanted));
  };
  expect("open connections", counters.open_connections.value(), 0);
  expect("open requests", counters.open_requests.value(), 0);
  expect("open tunnels", counters.open_tunnels.value(), 0);
  std::uint64_t ended = 0;
  for (const auto& status : counters.status_classes) ended += status.value();
  expect("requests that ended", ended, counters.requests.value());
}

// The servers' view: repeats on another server, in any nine seconds, against ten and a share of the requests.
void World::check_budget() {
  std::vector<TimePoint> retries;
  for (const auto& [id, attempts] : journal_.attempts) {
    for (std::size_t index = 1; index < attempts.size(); ++index) {
      if (attempts[index].server != attempts[index - 1].server) retries.push_back(attempts[index].began);
    }
  }
  const proxy::RouteOptions& route = options_.routes.front();
  const double share = route.retry.budget.fraction + (route.hedge ? route.hedge->budget.fraction : 0);
  const double least = 10 + (route.hedge ? 1 : 0);
  for (const TimePoint end : retries) {
    const auto spent = std::ranges::count_if(retries, [&](TimePoint at) { return at > end - 9s && at <= end; });
    const auto requests = std::ranges::count_if(journal_.outcomes, [&](const auto& entry) {
      return entry.second.began > end - 30s && entry.second.began <= end;
    });
    if (static_cast<double>(spent) > least + share * static_cast<double>(requests)) {
      return journal_.violations.push_back(fmt::format("{} retries in nine seconds pass the budget", spent));
    }
  }
}

// Where nothing ever stands in the way, a client that sticks has one server.
void World::check_homes() {
  const pool::PoolOptions& pool = options_.pools["web"];
  const bool is_undisturbed = weather_ == Weather::calm && is_well(*servers_.back()) && !servers_hang_up_ &&
                              snapshots_.size() == 1 && !pool.limits.max_inflight;
  if (!pool.sticky.is_on() || !is_undisturbed) return;
  std::map<int, int> homes;
  for (const auto& [id, outcome] : journal_.outcomes) {
    if (outcome.server == 0 || (!pool.sticky.cookie.empty() && !outcome.has_cookie)) continue;
    const int home = homes.try_emplace(outcome.client, outcome.server).first->second;
    if (home != outcome.server)
      journal_.violations.push_back(fmt::format("request {} went to {} and not to {}", id, outcome.server, home));
  }
  homes_ = homes.size();
}

Report World::report() {
  Report report{.violations = journal_.violations,
                .requests = journal_.outcomes.size(),
                .retries = worker_.counters().retries.value(),
                .hedges = worker_.counters().hedges.value(),
                .hedges_won = worker_.counters().hedges_won.value(),
                .homes = homes_};
  report.summary =
      fmt::format("{} {} servers, {} snapshots, ended at {}", weather_ == Weather::calm ? "calm" : "stormy",
                  servers_.size(), snapshots_.size(), loop_.now().time_since_epoch().count());
  for (const auto& [id, outcome] : journal_.outcomes) {
    report.summary +=
        fmt::format("\n{} {} {} {} from {}", id, outcome.method, word(outcome.ending), outcome.status, outcome.server);
    for (const Attempt& attempt : journal_.attempts[id])
      report.summary += fmt::format(" [{} {}]", attempt.server, word(attempt.fate));
    const bool is_answered = outcome.ending == Ending::answered;
    report.answers += is_answered && outcome.server != 0 ? 1U : 0U;
    report.own_answers += is_answered && outcome.server == 0 ? 1U : 0U;
    report.cuts += outcome.ending == Ending::cut ? 1U : 0U;
    report.refused_connections += outcome.was_full ? 1U : 0U;
    report.shed_requests += memory_ && outcome.was_shed ? 1U : 0U;
    report.refused_heads += outcome.conduct.refusal != 0 && outcome.status == outcome.conduct.refusal ? 1U : 0U;
  }
  return report;
}

}  // namespace fairlead::sim
