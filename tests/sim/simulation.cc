#include "sim/simulation.h"

#include <fmt/format.h>

#include <memory>

#include "app/health_monitor.h"
#include "app/snapshot_builder.h"
#include "app/worker.h"
#include "sim/scenario.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

// All addresses are numeric.
class NoResolver final : public net::Resolver {
 public:
  void resolve(const net::Endpoint&, std::move_only_function<void(net::Lookup)>) override {}
};

class Deaf final : public app::HealthListener {
 public:
  void on_server_event(const pool::ServerEvent&) override {}
  void on_pool_event(const pool::PoolEvent&) override {}
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);
  Verdict run();

 private:
  void reload(const app::Options& options);
  void begin();
  void end();
  void drain();
  runtime::Task<void> later(Duration when, std::move_only_function<void()> action);
  runtime::Task<void> play(ClientScript script, std::uint64_t seed);
  void run_while(std::move_only_function<bool()> condition);
  void check_leftovers();
  void check(std::uint64_t id, const Record& record);
  Verdict verdict() const;

  Scenario scenario_;
  runtime::SimulatedLoop loop_;
  TimePoint start_ = loop_.now();
  Ledger ledger_;
  Random random_;
  NoResolver resolver_;
  Deaf deaf_;
  app::HealthMonitor monitor_{loop_, resolver_, random_, deaf_};
  app::SnapshotBuilder builder_;
  app::Worker worker_;
  net::SocketAddress proxy_ = *net::numeric_address("10.0.0.9", 80);
  std::shared_ptr<const proxy::SessionSettings> settings_;
  int listener_ = -1;
  std::uint64_t generation_ = 0;
  std::vector<std::shared_ptr<const proxy::Snapshot>> snapshots_;
  std::vector<std::unique_ptr<Server>> servers_;
  runtime::TaskGroup clients_{loop_};
  runtime::TaskGroup happenings_{loop_};
  bool is_stopped_ = false;
  bool worker_has_ended_ = false;
  bool monitor_has_ended_ = false;
};

Simulation::Simulation(std::uint64_t seed)
    : scenario_(make_scenario(seed)),
      loop_(seed, scenario_.network),
      random_(seed),
      worker_(loop_, seed, monitor_),
      settings_(std::make_shared<proxy::SessionSettings>(proxy::SessionSettings{
          .listener = "web",
          .http = {
              .header_timeout = 60s, .body_idle = 10s, .keepalive = 120s, .header_size = std::size_t{64} * 1024}})) {}

void Simulation::reload(const app::Options& options) {
  if (is_stopped_ || listener_ < 0) return;
  ++generation_;
  snapshots_.push_back(builder_.build(options, generation_));
  monitor_.watch(snapshots_.back()->pools, generation_ == 1 ? pool::Origin::process_start : pool::Origin::added,
                 generation_);
  worker_.apply({.snapshot = snapshots_.back(), .listeners = {{.socket = listener_, .settings = settings_}}});
}

void Simulation::drain() {
  if (listener_ < 0) return;
  worker_.drain();
  loop_.close(std::exchange(listener_, -1), false);
}

runtime::Task<void> Simulation::later(Duration when, std::move_only_function<void()> action) {
  co_await runtime::pause_until(loop_, start_ + when);
  action();
}

runtime::Task<void> Simulation::play(ClientScript script, std::uint64_t seed) {
  Client client(loop_, ledger_, script, seed);
  co_await client.run(proxy_);
}

void Simulation::begin() {
  listener_ = loop_.listen(proxy_.get(), proxy_.size);
  for (std::size_t index = 0; index < scenario_.servers.size(); ++index) {
    const ServerPlan& plan = scenario_.servers[index];
    const auto address = *net::numeric_address("10.0.0.1", static_cast<std::uint16_t>(kServerPort + index));
    servers_.push_back(std::make_unique<Server>(loop_, ledger_, address, plan.script, plan.seed));
    if (plan.character == Character::silent) loop_.black_hole(address.get(), address.size, true);
    if (plan.character != Character::refuses) servers_.back()->open();
  }
  reload(scenario_.options);
  for (const auto& [script, seed] : scenario_.clients) {
    ClientScript placed = script;
    placed.begins = start_ + script.begins.time_since_epoch();
    if (script.vanishes != kNever) placed.vanishes = start_ + script.vanishes.time_since_epoch();
    clients_.start(play(placed, seed));
  }
  for (const Happening& happening : scenario_.happenings) {
    happenings_.start(later(happening.when, [this, &happening] {
      switch (happening.kind) {
        case Happening::Kind::reload:
          return reload(happening.options);
        case Happening::Kind::crash:
          return servers_[happening.server]->crash();
        case Happening::Kind::revive:
          if (!is_stopped_) servers_[happening.server]->open();
      }
    }));
  }
  if (scenario_.drain) happenings_.start(later(*scenario_.drain, [this] { drain(); }));
}

void Simulation::run_while(std::move_only_function<bool()> condition) {
  const TimePoint limit = loop_.now() + 1h;
  while (condition() && loop_.now() < limit) loop_.turn();
  if (condition()) ledger_.violation("something goes on for ever");
}

void Simulation::end() {
  is_stopped_ = true;
  drain();
  worker_.stop([this] { worker_has_ended_ = true; });
  monitor_.stop([this] { monitor_has_ended_ = true; });
  run_while([this] { return !worker_has_ended_ || !monitor_has_ended_; });
  run_while([this] { return clients_.size() > 0 || happenings_.size() > 0; });
  for (const auto& server : servers_) server->crash();
  run_while([this] { return std::ranges::any_of(servers_, [](const auto& server) { return server->tasks() > 0; }); });
  loop_.run_until(loop_.now() + 1h);
}

Verdict Simulation::run() {
  begin();
  if (scenario_.stop) {
    loop_.run_until(start_ + *scenario_.stop);
  } else {
    run_while([this] { return clients_.size() > 0; });
  }
  end();
  check_leftovers();
  for (const auto& [id, record] : ledger_.records()) check(id, record);
  return verdict();
}

void Simulation::check_leftovers() {
  if (loop_.open_descriptors() != 0) {
    ledger_.violation(fmt::format("{} descriptors are left", loop_.open_descriptors()));
  }
  for (const auto& snapshot : snapshots_) {
    for (const auto& pool : snapshot->pools) {
      for (const pool::Member& member : pool->members()) {
        if (member.server->in_flight() != 0) ledger_.violation(member.server->name() + " has requests in flight");
      }
    }
  }
  const proxy::Counters& counters = worker_.counters();
  if (counters.open_requests.value() != 0) ledger_.violation("requests are still counted as open");
  if (counters.open_connections.value() != 0) ledger_.violation("connections are still counted as open");
}

void Simulation::check(std::uint64_t id, const Record& record) {
  const auto complain = [&](std::string_view what) {
    ledger_.violation(fmt::format("{} {}: {}", record.method, path_of(id, record.answer_length), what));
  };
  if (record.answers > 1) complain("more than one answer");
  if (record.method == "POST" && record.executions > 1) complain("executed more than once");
  // A retry for each attempt that the route allows, and one where a kept connection had been closed.
  if (record.executions > 10) complain("executed again and again");
  if (record.status >= 200 && record.status < 300 && record.executions == 0) complain("a success out of nothing");
  if (!scenario_.is_kind || record.is_excused || record.method == "POST") return;
  if (record.answers == 0 && (!scenario_.drain || record.executions > 0)) complain("no answer");
  if (record.answers == 1 && !record.statuses.contains(record.status)) {
    complain(fmt::format("{} though a server was well", record.status));
  }
}

Verdict Simulation::verdict() const {
  Verdict verdict{.violations = ledger_.violations(), .retries = worker_.counters().retries.value()};
  const auto mix = [&](std::uint64_t value) { verdict.digest = (verdict.digest ^ value) * 0x100000001b3; };
  for (const auto& [id, record] : ledger_.records()) {
    ++verdict.requests;
    if (record.answers == 0) ++verdict.unanswered;
    if (record.status >= 200 && record.status < 300) ++verdict.successes;
    if (record.status >= 400) ++verdict.errors;
    mix(id);
    mix(static_cast<std::uint64_t>(record.status));
    mix(static_cast<std::uint64_t>(record.executions));
    mix(record.answer_length);
  }
  mix(static_cast<std::uint64_t>((loop_.now() - start_).count()));
  return verdict;
}

}  // namespace

Verdict simulate(std::uint64_t seed) { return Simulation(seed).run(); }

}  // namespace fairlead::sim
