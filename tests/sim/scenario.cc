#include "sim/scenario.h"

#include <fmt/format.h>

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}
  Scenario make();

 private:
  bool chance(double probability) { return random_.chance(probability); }
  template <typename T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + random_.below(choices.size()));
  }
  Duration up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
  }
  Pace pace() {
    if (chance(0.7)) return {};
    return {.piece = 50 + random_.below(2000), .pause = chance(0.5) ? Duration() : up_to(5ms)};
  }
  void make_network();
  void make_servers();
  app::Options options();
  pool::PoolOptions pool();
  proxy::RouteOptions route();
  ClientScript client();
  void make_happenings();

  Random random_;
  Scenario scenario_;
};

void Maker::make_network() {
  runtime::NetworkConditions& network = scenario_.network;
  network.max_delay = one_of<Duration>({60us, 2ms, 20ms});
  network.socket_buffer = one_of<std::size_t>({2000, 16'000, 64 * 1024});
  network.cut = one_of({0.0, 0.3, 0.8});
  network.short_send = network.cut == 0 ? 0 : one_of({0.0, 0.1, 0.5});
}

void Maker::make_servers() {
  const std::size_t count = 1 + random_.below(5);
  const std::size_t well = random_.below(count);
  const bool is_whole = scenario_.network.cut == 0 && scenario_.network.socket_buffer >= 64 * 1024;
  for (std::size_t index = 0; index < count; ++index) {
    ServerPlan plan{.seed = random_.next()};
    if (index == well || chance(0.3)) {
      plan.character = Character::well;
    } else if (scenario_.is_kind) {
      plan.character = Character::refuses;
    } else {
      plan.character = one_of({Character::refuses, Character::silent, Character::wild, Character::wild});
    }
    if (!scenario_.is_kind && count == 1 && chance(0.8)) plan.character = Character::wild;
    ServerScript& script = plan.script;
    if (plan.character == Character::wild) script.wild = one_of({0.1, 0.5, 1.0});
    script.think = one_of<Duration>({0ms, 5ms, 200ms});
    script.idle_close = chance(0.5) ? one_of<Duration>({10ms, 300ms}) : Duration();
    script.other_status = chance(0.3) ? 0.3 : 0;
    script.sends_whole = is_whole;
    if (!is_whole) script.sending = pace();
    script.reading = pace();
    scenario_.servers.push_back(plan);
  }
}

pool::PoolOptions Maker::pool() {
  pool::PoolOptions pool;
  for (std::size_t index = 0; index < scenario_.servers.size(); ++index) {
    const bool is_well = scenario_.servers[index].character == Character::well;
    // Servers that are not well may be missing or idle.
    if (!is_well && scenario_.servers.size() > 1 && chance(0.1)) continue;
    pool.servers.push_back({.name = fmt::format("s{}", index),
                            .address = {.host = "10.0.0.1", .port = static_cast<std::uint16_t>(kServerPort + index)},
                            .weight = is_well ? one_of({1U, 50U, 100U, 300U}) : one_of({0U, 10U, 100U}),
                            .backup = chance(0.15)});
  }
  pool.algorithm = one_of({pool::Algorithm::round_robin, pool::Algorithm::least_requests, pool::Algorithm::random});
  pool.health.every = one_of<Duration>({100ms, 1s, 5s});
  pool.health.timeout = 500ms;
  if (chance(0.3)) {
    pool.health.type = pool::HealthType::http;
    pool.health.path = "/health";
  }
  pool.warmup = one_of<Duration>({0s, 1s, 10s});
  pool.passive.eject = 1s;
  pool.timeouts.connect = 500ms;
  pool.keepalive.idle = one_of<Duration>({5ms, 500ms, 4s});
  pool.keepalive.max_idle = one_of({0U, 1U, 128U});
  if (chance(0.2)) pool.keepalive.requests = 1 + random_.below(3);
  return pool;
}

proxy::RouteOptions Maker::route() {
  proxy::RouteOptions route{.name = "r1", .to = "web"};
  route.timeouts.first_byte = 3s;
  route.timeouts.idle = 3s;
  if (scenario_.is_kind) {
    route.retry.attempts = 8;
    route.retry.budget = Share{10.0};
    return route;
  }
  route.retry.attempts = static_cast<std::uint32_t>(random_.below(4));
  if (chance(0.3)) route.retry.statuses = {{{503, 503}}};
  if (chance(0.3)) route.timeouts.total = one_of<Duration>({50ms, 1s});
  if (chance(0.2)) route.body.max = ByteCount{one_of<std::uint64_t>({0, 300, 5000})};
  return route;
}

app::Options Maker::options() {
  app::Options options;
  options.pools["web"] = pool();
  options.routes = {route()};
  return options;
}

ClientScript Maker::client() {
  ClientScript script;
  script.begins = TimePoint(up_to(2s));
  script.requests = 1 + static_cast<int>(random_.below(8));
  script.window = chance(0.3) ? 1 + random_.below(5) : 1;
  script.max_body = one_of<std::size_t>({2000, 2000, 20'000, 150'000});
  script.post_share = one_of({0.0, 0.3, 1.0});
  script.think = one_of<Duration>({0ms, 20ms, 400ms});
  if (chance(0.2)) {
    script.vanishes = script.begins + up_to(1s);
    script.vanishes_by_reset = chance(0.5);
  }
  script.closes = chance(0.3);
  script.is_old = chance(0.1);
  if (script.is_old) {
    script.requests = 1;
    script.window = 1;
  }
  script.sending = pace();
  script.reading = pace();
  return script;
}

void Maker::make_happenings() {
  while (chance(0.4)) {
    scenario_.happenings.push_back({.kind = Happening::Kind::reload, .when = up_to(4s), .options = options()});
  }
  while (!scenario_.is_kind && chance(0.3)) {
    const std::size_t server = random_.below(scenario_.servers.size());
    const Duration when = up_to(3s);
    scenario_.happenings.push_back({.kind = Happening::Kind::crash, .when = when, .server = server});
    scenario_.happenings.push_back({.kind = Happening::Kind::revive, .when = when + up_to(1s), .server = server});
  }
  if (chance(0.2)) scenario_.drain = up_to(3s);
  if (!scenario_.is_kind && chance(0.2)) scenario_.stop = up_to(3s);
}

Scenario Maker::make() {
  scenario_.is_kind = chance(0.4);
  make_network();
  make_servers();
  scenario_.options = options();
  const std::size_t clients = 1 + random_.below(8);
  for (std::size_t index = 0; index < clients; ++index) scenario_.clients.emplace_back(client(), random_.next());
  make_happenings();
  return std::move(scenario_);
}

}  // namespace

Scenario make_scenario(std::uint64_t seed) { return Maker(seed).make(); }

}  // namespace fairlead::sim
