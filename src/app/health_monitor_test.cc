#include "app/health_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/snapshot_builder.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;
using pool::ServerState;
using testing::ElementsAre;

class Events final : public HealthListener {
 public:
  void on_server_event(const pool::ServerEvent& event) override {
    if (event.server == "a") states.push_back(event.to);
  }
  void on_pool_event(const pool::PoolEvent&) override {}

  std::vector<ServerState> states;
};

// All addresses are numeric.
class NoResolver final : public net::Resolver {
 public:
  void resolve(const net::Endpoint&, std::move_only_function<void(net::Lookup)>) override {}
};

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
