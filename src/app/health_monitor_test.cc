#include "app/health_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "app/snapshot_builder.h"
#include "pool/permit.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;
using pool::ServerState;
using testing::ElementsAre;

class Events final : public HealthListener {
 public:
  void on_server_event(const pool::ServerEvent& event) override {
    if (event.server != "a") return;
    states.push_back(event.to);
    reasons.push_back(event.reason);
    evidence = event.evidence;
  }
  void on_pool_event(const pool::PoolEvent& event) override { pools.push_back(event); }
  void on_zone_event(const pool::ZoneEvent&) override {}

  std::vector<ServerState> states;
  std::vector<std::string> reasons;
  std::vector<std::string> evidence;  // of the last event
  std::vector<pool::PoolEvent> pools;
};

// All addresses are numeric.
class NoResolver final : public net::Resolver {
 public:
  void resolve(const net::Endpoint&, std::move_only_function<void(net::Lookup)>) override {}
};

// Answers when the test says so.
class Names final : public net::Resolver {
 public:
  void resolve(const net::Endpoint&, std::move_only_function<void(net::Lookup)> done) override {
    questions_.push_back(std::move(done));
  }
  void answer(const net::Lookup& lookup) {
    EXPECT_FALSE(questions_.empty()) << "nobody asks";
    for (auto& done : std::exchange(questions_, {})) done(lookup);
  }
  void answer_first(const net::Lookup& lookup) {
    questions_.front()(lookup);
    questions_.erase(questions_.begin());
  }

 private:
  std::vector<std::move_only_function<void(net::Lookup)>> questions_;
};

// Two servers, `a` and `b`, under a monitor on virtual time.
class HealthMonitorTest : public testing::Test {
 protected:
  HealthMonitorTest() {
    pool::PoolOptions& pool = options_.pools["web"];
    pool.servers = {{.name = "a", .address = {.host = "10.0.0.1", .port = 1}},
                    {.name = "b", .address = {.host = "10.0.0.1", .port = 2}}};
    pool.health = {.every = 1s, .timeout = 200ms, .fall = 3, .rise = 2};
    pool.warmup = 0s;
    pool.passive.eject = 5s;
  }
  ~HealthMonitorTest() override {
    bool has_ended = false;
    monitor_.stop([&] { has_ended = true; });
    run(10s);
    EXPECT_TRUE(has_ended);
    for (const int listener : listeners_) loop_.close(listener, false);
  }

  void watch(pool::Origin origin = pool::Origin::process_start) {
    snapshot_ = builder_.build(options_, ++generation_);
    monitor_.watch(snapshot_->pools, origin, generation_);
  }
  int listen(std::uint16_t port, std::string_view host = "10.0.0.1") {
    const net::SocketAddress address = *net::numeric_address(host, port);
    return listeners_.emplace_back(loop_.listen(address.get(), address.size));
  }
  void close(int listener) {
    loop_.close(listener, false);
    std::erase(listeners_, listener);
  }
  void run(Duration time) { loop_.run_until(loop_.now() + time); }
  pool::Server& server(std::size_t index) { return *snapshot_->pools.front()->members()[index].server; }
  // As a worker reports it.
  void fail(pool::Server& of) {
    if (of.record_failure()) monitor_.on_suspect(of);
  }

  runtime::SimulatedLoop loop_{1};
  Names names_;
  Random random_{1};
  Events events_;
  HealthMonitor monitor_{loop_, names_, random_, events_};
  SnapshotBuilder builder_;
  Options options_;
  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::uint64_t generation_ = 0;
  std::vector<int> listeners_;
};

TEST_F(HealthMonitorTest, the_first_check_decides_at_once) {
  listen(1);
  watch();
  EXPECT_TRUE(monitor_.is_checking());
  run(1s);
  EXPECT_FALSE(monitor_.is_checking());
  EXPECT_EQ(server(0).state(), ServerState::up);
  EXPECT_EQ(server(1).state(), ServerState::down);
}

TEST_F(HealthMonitorTest, thousands_of_new_servers_are_not_all_checked_at_the_same_moment) {
  constexpr std::size_t kServers = 2000;
  std::vector<pool::ServerOptions>& servers = options_.pools["web"].servers;
  servers.clear();
  for (std::size_t index = 0; index < kServers; ++index)
    servers.push_back({.name = {}, .address = {.host = "10.0.0.1", .port = static_cast<std::uint16_t>(1 + index)}});
  watch();
  run(100us);
  EXPECT_LE(loop_.open_descriptors(), 100U);
  run(500ms);
  EXPECT_FALSE(monitor_.is_checking());
}

TEST_F(HealthMonitorTest, goes_down_after_fall_failures_and_up_after_rise_passes) {
  const int a = listen(1);
  listen(2);
  watch();
  run(3s);
  close(a);
  run(1500ms);
  EXPECT_EQ(server(0).state(), ServerState::up) << "one or two failures are no end";
  run(2500ms);
  EXPECT_EQ(server(0).state(), ServerState::down);
  EXPECT_EQ(server(1).state(), ServerState::up);
  listen(1);
  run(3s);
  EXPECT_EQ(server(0).state(), ServerState::up);
  EXPECT_THAT(events_.states, ElementsAre(ServerState::up, ServerState::down, ServerState::up));
}

TEST_F(HealthMonitorTest, a_server_that_does_not_answer_at_all_fails_its_checks) {
  listen(1);
  watch();
  run(3s);
  const net::SocketAddress address = *net::numeric_address("10.0.0.1", 1);
  loop_.black_hole(address.get(), address.size, true);
  run(6s);
  EXPECT_EQ(server(0).state(), ServerState::down);
}

TEST_F(HealthMonitorTest, failures_in_a_row_eject_for_a_time) {
  listen(1);
  listen(2);
  watch();
  run(3s);
  for (int request = 0; request < 5; ++request) fail(server(0));
  run(100ms);
  EXPECT_EQ(server(0).state(), ServerState::ejected);
  run(4500ms);
  EXPECT_EQ(server(0).state(), ServerState::ejected);
  run(1s);
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, the_first_failures_after_a_long_rest_eject) {
  listen(1);
  listen(2);
  watch();
  for (int rest = 0; rest < 5; ++rest) {
    run(1min + rest * 700ms);
    for (int request = 0; request < 5; ++request) fail(server(0));
    run(100ms);
    EXPECT_EQ(server(0).state(), ServerState::ejected) << rest;
  }
}

TEST_F(HealthMonitorTest, the_last_server_that_serves_is_never_ejected) {
  listen(1);
  watch();
  run(3s);
  for (int request = 0; request < 50; ++request) fail(server(0));
  run(100ms);
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, a_reload_keeps_what_is_known_of_a_server) {
  listen(1);
  watch();
  run(3s);
  options_.pools["web"].servers.pop_back();
  const std::size_t events = events_.states.size();
  watch(pool::Origin::added);
  EXPECT_EQ(server(0).state(), ServerState::up);
  run(3s);
  EXPECT_EQ(events_.states.size(), events);
  EXPECT_EQ(monitor_.report().front().servers.size(), 1U);
}

TEST_F(HealthMonitorTest, a_server_that_a_reload_adds_is_checked_at_once_and_warms_up) {
  options_.pools["web"].servers.pop_back();
  options_.pools["web"].warmup = 5s;
  listen(1);
  listen(2);
  watch();
  run(3s);
  EXPECT_EQ(server(0).state(), ServerState::up);
  options_.pools["web"].servers.push_back({.name = "b", .address = {.host = "10.0.0.1", .port = 2}});
  watch(pool::Origin::added);
  run(1s);
  EXPECT_EQ(server(1).state(), ServerState::warming);
  run(5s);
  EXPECT_EQ(server(1).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, a_name_is_looked_up_and_then_checked) {
  options_.pools["web"].servers.front().address = {.host = "app", .port = 1};
  listen(1);
  watch();
  run(1s);
  EXPECT_EQ(server(0).state(), ServerState::unresolved);
  names_.answer({.addresses = {*net::numeric_address("10.0.0.1", 1)}});
  run(1s);
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, a_name_that_resolved_before_keeps_its_last_good_address) {
  options_.pools["web"].servers.front().address = {.host = "app", .port = 1};
  listen(1);
  watch();
  run(1s);
  names_.answer({.addresses = {*net::numeric_address("10.0.0.1", 1)}});
  run(40s);
  names_.answer({.error = "no such name"});
  run(5s);
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, a_name_is_looked_up_again_and_again_though_nobody_asks_for_its_server) {
  options_.pools["web"].servers.front().address = {.host = "app", .port = 1};
  listen(1);
  watch();
  run(1s);
  for (int lookup = 0; lookup < 4; ++lookup) {
    names_.answer({.addresses = {*net::numeric_address("10.0.0.1", 1)}});  // fails where nobody asks
    run(31s);
  }
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, a_name_that_does_not_resolve_is_told_once_and_asked_again) {
  options_.pools["web"].servers.front().address = {.host = "app", .port = 1};
  listen(1);
  watch();
  names_.answer({.error = "no such name"});
  run(4s);
  EXPECT_THAT(events_.states, ElementsAre(ServerState::unresolved));
  EXPECT_THAT(events_.reasons, ElementsAre("dns_failed"));
  EXPECT_FALSE(monitor_.is_checking());
  run(2s);
  names_.answer({.error = "no such name"});
  run(6s);
  EXPECT_EQ(events_.states.size(), 1U);
  names_.answer({.addresses = {*net::numeric_address("10.0.0.1", 1)}});
  run(1s);
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, of_the_addresses_of_a_name_the_one_that_answers_is_used) {
  options_.pools["web"].servers.front().address = {.host = "localhost", .port = 1};
  const int first = listen(1, "10.0.0.9");
  watch();
  names_.answer({.addresses = {*net::numeric_address("10.0.0.7", 1), *net::numeric_address("10.0.0.8", 1),
                               *net::numeric_address("10.0.0.9", 1)}});
  run(500ms);
  EXPECT_EQ(server(0).state(), ServerState::up);
  EXPECT_EQ(server(0).address()->text(), "10.0.0.9:1");
  // When it dies, another one takes over before the server counts as down.
  listen(1, "10.0.0.7");
  close(first);
  run(2s);
  EXPECT_EQ(server(0).address()->text(), "10.0.0.7:1");
  EXPECT_THAT(events_.states, ElementsAre(ServerState::checking, ServerState::up));
}

TEST_F(HealthMonitorTest, an_address_that_left_its_name_is_given_up_and_the_new_one_is_checked_at_once) {
  options_.pools["web"].health.every = 1h;
  options_.pools["web"].servers.front().address = {.host = "app", .port = 1};
  listen(1);
  watch();
  names_.answer({.addresses = {*net::numeric_address("10.0.0.1", 1)}});
  run(31s);
  names_.answer({.addresses = {*net::numeric_address("10.0.0.2", 1)}});
  run(1s);
  EXPECT_EQ(server(0).address()->text(), "10.0.0.2:1");
  EXPECT_EQ(monitor_.report().front().servers.front().counts.checks_failed, 1U);
}

TEST_F(HealthMonitorTest, an_answer_for_a_server_that_is_gone_is_for_nobody) {
  options_.pools["web"].servers.front().address = {.host = "old", .port = 1};
  watch();
  // The server is freed, and a new one may well lie in its place.
  options_.pools["web"].servers.front().address = {.host = "new", .port = 1};
  watch(pool::Origin::added);
  names_.answer_first({.addresses = {*net::numeric_address("10.0.0.66", 1)}});
  run(1s);
  EXPECT_EQ(server(0).address(), nullptr);
  names_.answer({.addresses = {*net::numeric_address("10.0.0.1", 1)}});
  run(1s);
  EXPECT_EQ(server(0).address()->text(), "10.0.0.1:1");
}

TEST_F(HealthMonitorTest, a_change_of_the_checks_takes_effect_at_once) {
  options_.pools["web"].health.every = 1h;
  const int a = listen(1);
  watch();
  run(3s);
  close(a);
  options_.pools["web"].health.every = 1s;
  watch(pool::Origin::added);
  run(4s);
  EXPECT_EQ(server(0).state(), ServerState::down);
}

TEST_F(HealthMonitorTest, a_check_that_hangs_does_not_delay_its_successor) {
  options_.pools["web"].health.every = 1h;
  options_.pools["web"].health.timeout = 1h;
  listen(1);
  const net::SocketAddress address = *net::numeric_address("10.0.0.1", 1);
  loop_.black_hole(address.get(), address.size, true);
  watch();
  run(3s);
  loop_.black_hole(address.get(), address.size, false);
  options_.pools["web"].health.every = 1s;
  watch(pool::Origin::added);
  run(1s);
  EXPECT_EQ(server(0).state(), ServerState::up);
}

TEST_F(HealthMonitorTest, a_failing_pool_is_an_error_with_its_servers_and_its_recovery_is_told) {
  const int a = listen(1);
  watch();
  run(3s);
  ASSERT_EQ(events_.pools.size(), 1U) << "the start is one piece of news";
  EXPECT_EQ(events_.pools[0].to, pool::PoolState::degraded);
  close(a);
  run(4s);
  ASSERT_EQ(events_.pools.size(), 2U);
  EXPECT_EQ(events_.pools[1].to, pool::PoolState::failing);
  EXPECT_EQ(severity(events_.pools[1]), pool::Severity::error);
  EXPECT_EQ(events_.pools[1].why, "none of 2 servers is up; requests are sent to them all the same");
  EXPECT_THAT(events_.pools[1].evidence,
              ElementsAre("a down: connection refused: nothing is listening on port 1, 3 times",
                          "b down: connection refused: nothing is listening on port 2"));
  listen(1);
  listen(2);
  run(5s);
  EXPECT_EQ(events_.pools.back().to, pool::PoolState::ok);
  EXPECT_EQ(events_.pools.back().why, "all 2 servers are up");
}

TEST_F(HealthMonitorTest, a_server_that_goes_down_carries_its_last_three_checks) {
  const int a = listen(1);
  watch();
  run(3s);
  close(a);
  run(4s);
  EXPECT_THAT(events_.evidence, testing::SizeIs(3));
  EXPECT_THAT(events_.evidence, testing::Each(testing::HasSubstr("connection refused")));
}

TEST_F(HealthMonitorTest, a_timeout_while_real_requests_are_answered_is_slow_and_not_down) {
  options_.pools["web"].health.timeout = 900ms;
  listen(1);
  watch();
  run(3s);
  const net::SocketAddress address = *net::numeric_address("10.0.0.1", 1);
  loop_.black_hole(address.get(), address.size, true);
  for (int step = 0; step < 100; ++step) {
    server(0).record_success();
    run(100ms);
  }
  EXPECT_EQ(server(0).state(), ServerState::up);
  EXPECT_GT(monitor_.report().front().servers.front().counts.checks_slow, 3U);
  run(10s);
  EXPECT_EQ(server(0).state(), ServerState::down) << "nothing is answered any more";
}

TEST_F(HealthMonitorTest, the_report_says_what_is_known_of_each_server) {
  options_.pools["web"].servers[1].backup = true;
  options_.pools["web"].servers[1].weight = 7;
  listen(1);
  watch();
  run(3s);
  monitor_.set_admin("web/a", pool::AdminState::draining, "deploy");
  const pool::Permit request(server(0));
  const std::vector<PoolReport> pools = monitor_.report();
  ASSERT_EQ(pools.size(), 1U);
  EXPECT_EQ(pools[0].name, "web");
  EXPECT_EQ(pools[0].state, pool::PoolState::failing);
  EXPECT_EQ(pools[0].serving, 0U);
  const ServerReport& a = pools[0].servers.at(0);
  EXPECT_EQ(a.address, "10.0.0.1:1");
  EXPECT_EQ(a.state, ServerState::draining);
  EXPECT_EQ(a.admin, pool::AdminState::draining);
  EXPECT_EQ(a.reason, "operator");
  EXPECT_EQ(a.why, "deploy");
  EXPECT_EQ(a.since, loop_.now());
  EXPECT_EQ(a.evidence.size(), 3U);
  EXPECT_EQ(a.in_flight, 1U);
  EXPECT_EQ(a.requests, 1U);
  EXPECT_GE(a.counts.checks_passed, 3U);
  const ServerReport& b = pools[0].servers.at(1);
  EXPECT_EQ(b.state, ServerState::down);
  EXPECT_EQ(b.reason, "connect_refused");
  EXPECT_TRUE(b.backup);
  EXPECT_EQ(b.weight, 7U);
}

TEST_F(HealthMonitorTest, the_operators_wish_comes_first) {
  listen(1);
  watch();
  run(3s);
  EXPECT_TRUE(monitor_.set_admin("web/a", pool::AdminState::disabled, "maintenance"));
  EXPECT_EQ(server(0).state(), ServerState::disabled);
  run(5s);
  EXPECT_EQ(server(0).state(), ServerState::disabled);
  EXPECT_FALSE(monitor_.set_admin("web/none", pool::AdminState::disabled, ""));
}

TEST(HealthMonitor, a_server_that_returns_is_not_judged_by_failures_from_before_it_was_down) {
  runtime::SimulatedLoop loop(1);
  const TimePoint start = loop.now();
  NoResolver resolver;
  Random random(1);
  Events events;
  HealthMonitor monitor(loop, resolver, random, events);

  const auto address = [](std::uint16_t port) { return *net::numeric_address("10.0.0.1", port); };
  const auto listen = [&](std::uint16_t port) { return loop.listen(address(port).get(), address(port).size); };
  Options options;
  pool::PoolOptions& pool = options.pools["web"];
  pool.servers = {{.name = "a", .address = {.host = "10.0.0.1", .port = 1}},
                  {.name = "b", .address = {.host = "10.0.0.1", .port = 2}}};
  pool.health.every = 500ms;
  const int a = listen(1);
  listen(2);
  SnapshotBuilder builder;
  const auto snapshot = builder.build(options, 1);
  monitor.watch(snapshot->pools, pool::Origin::process_start, 1);
  pool::Server& server = *snapshot->pools.front()->members().front().server;

  // Many good requests, then a crash with fewer failures than that.
  loop.run_until(start + 1s);
  for (int request = 0; request < 100; ++request) server.record_success();
  loop.run_until(start + 10s);
  loop.close(a, false);
  for (int request = 0; request < 60; ++request) static_cast<void>(server.record_failure());
  loop.run_until(start + 14s);
  listen(1);
  // The good requests leave the window of 30 s before the failures do.
  loop.run_until(start + 39s);
  EXPECT_THAT(events.states, ElementsAre(ServerState::up, ServerState::down, ServerState::warming, ServerState::up));

  monitor.stop([] {});
  loop.run_until(loop.now() + 10s);
}

}  // namespace
}  // namespace fairlead::app
