#include "simulate/load_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "pool/balancers/catalog.h"

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;

LoadModel model_of(std::size_t servers, double per_second, Duration length = 60s) {
  LoadModel model{.measured = {.until = length}};
  model.options.servers.resize(servers);
  model.traffic.per_second = per_second;
  model.traffic.service = {.median = 20ms, .p99 = 20ms};
  return model;
}

LoadOutcome run_on_farm(const LoadModel& model, std::uint32_t slots, std::vector<Fault> faults = {}) {
  ServerFarm farm(std::vector(model.options.servers.size(), slots), std::move(faults), model.measured);
  return run(model, farm);
}

double mean_seconds(const LoadOutcome& outcome) {
  const Duration sum = std::accumulate(outcome.waits.begin(), outcome.waits.end(), Duration::zero());
  return std::chrono::duration<double>(sum).count() / static_cast<double>(outcome.waits.size());
}

// Pollaczek and Khinchine: in an M/D/1 queue a request waits for rho / (2 (1 - rho)) service times on average.
TEST(LoadRun, one_server_is_the_queue_of_the_textbook) {
  const LoadModel model = model_of(1, 35, 2h);
  constexpr double kBusy = 0.7;
  EXPECT_NEAR(mean_seconds(run_on_farm(model, 1)), 0.020 * (1 + kBusy / (2 * (1 - kBusy))), 0.001);
}

TEST(LoadRun, every_request_ends_once_under_every_algorithm) {
  for (const pool::BalancerType* type : pool::balancer_catalog()) {
    LoadModel model = model_of(4, 200);
    model.options.algorithm = type->algorithm;
    model.options.limits.max_inflight = 50;
    const LoadOutcome outcome = run_on_farm(model, 4, {{.kind = FaultKind::dies, .server = 2, .at = 20s}});
    EXPECT_EQ(outcome.requests, outcome.waits.size());
    EXPECT_EQ(outcome.requests + outcome.retries, std::reduce(outcome.per_server.begin(), outcome.per_server.end()));
    EXPECT_NEAR(static_cast<double>(outcome.requests), 12'000, 500) << type->name;
  }
}

TEST(LoadRun, the_same_seed_gives_the_same_run) {
  LoadModel model = model_of(3, 100);
  const LoadOutcome first = run_on_farm(model, 2);
  EXPECT_EQ(first.waits, run_on_farm(model, 2).waits);
  model.seed = 2;
  EXPECT_NE(first.waits, run_on_farm(model, 2).waits);
}

TEST(LoadRun, a_death_costs_no_get_and_the_server_leaves) {
  const LoadModel model = model_of(3, 200);
  const LoadOutcome outcome = run_on_farm(model, 4, {{.kind = FaultKind::dies, .server = 1, .at = 20s}});
  EXPECT_EQ(outcome.failed, 0U);
  EXPECT_GT(outcome.retries, 0U);
  EXPECT_LT(outcome.left_rotation[1], 21s);
  EXPECT_GE(outcome.left_rotation[1], 20s);
  EXPECT_EQ(outcome.left_rotation[0], Duration::max());
}

TEST(LoadRun, a_death_costs_what_is_not_retried) {
  LoadModel model = model_of(3, 200);
  model.retry.attempts = 0;
  const LoadOutcome outcome = run_on_farm(model, 4, {{.kind = FaultKind::dies, .server = 1, .at = 20s}});
  EXPECT_GT(outcome.failed, 4U);
  EXPECT_EQ(outcome.retries, 0U);
}

// Queues of chance make healthy servers look slow where load is not looked at. That must not take their share for long.
TEST(LoadRun, comparing_paces_costs_equal_servers_with_queues_little) {
  const auto p99_of_round_robin = [](std::optional<std::uint32_t> slow_factor) {
    LoadModel model = model_of(4, 130, 10min);
    model.traffic.service = {.median = 50ms, .p99 = 500ms};
    model.options.algorithm = pool::Algorithm::round_robin;
    model.options.passive.slow_factor = slow_factor;
    return run_on_farm(model, 4).percentile(0.99);
  };
  EXPECT_LT(p99_of_round_robin(5), p99_of_round_robin(std::nullopt) * 3 / 2);
}

// One that answers ever later answers too little to be compared by its answers alone.
TEST(LoadRun, a_server_that_drowns_is_noticed_where_load_is_not_looked_at) {
  LoadModel model = model_of(4, 110, 2min);
  model.traffic.service = {.median = 50ms, .p99 = 500ms};
  model.options.algorithm = pool::Algorithm::round_robin;
  const LoadOutcome outcome = run_on_farm(model, 4, {{.kind = FaultKind::slows, .server = 1, .at = 20s, .factor = 20}});
  EXPECT_LT(outcome.percentile(0.99), 10s);
}

TEST(LoadRun, a_hung_server_is_found_by_a_page_and_not_by_connecting) {
  LoadModel model = model_of(3, 100, 2min);
  model.timeouts.first_byte = 5s;
  const std::vector<Fault> hung{{.kind = FaultKind::hangs, .server = 1, .at = 20s}};
  const LoadOutcome connecting = run_on_farm(model, 4, hung);
  EXPECT_EQ(connecting.left_rotation[1], Duration::max());
  model.options.health.type = pool::HealthType::http;
  model.options.health.path = "/health";
  const LoadOutcome page = run_on_farm(model, 4, hung);
  EXPECT_LT(page.left_rotation[1], 45s);
  EXPECT_LT(page.failed, connecting.failed);
}

// Notes the most that a server ever had in flight.
class Watching final : public Backend {
 public:
  Reply serve(const Work& work) override {
    most = std::max(most, work.in_flight);
    return {.after = 50ms};
  }
  std::uint32_t most = 0;
};

TEST(LoadRun, limits_hold_and_those_above_wait_in_line) {
  LoadModel model = model_of(2, 100);  // 5 at once on average
  model.options.limits.max_inflight = 4;
  Watching backend;
  const LoadOutcome outcome = run(model, backend);
  EXPECT_EQ(backend.most, 4U);
  EXPECT_EQ(outcome.failed, 0U);
  EXPECT_GT(outcome.waits.back(), 55ms);
}

TEST(LoadRun, who_waits_longer_than_the_queue_allows_fails_after_that_time) {
  LoadModel model = model_of(1, 40);  // twice what it can do
  model.options.limits.max_inflight = 1;
  model.options.queue.timeout = 1s;
  Watching backend;
  const LoadOutcome outcome = run(model, backend);
  EXPECT_NEAR(1 - outcome.success_rate(), 0.5, 0.05);
  EXPECT_GE(outcome.waits.back(), 1s);
  EXPECT_LE(outcome.waits.back(), 1s + 50ms + 10ms);
}

TEST(LoadRun, a_full_line_turns_requests_away_at_once) {
  LoadModel model = model_of(1, 40);
  model.options.limits.max_inflight = 1;
  model.options.queue.max = 0;
  Watching backend;
  const LoadOutcome outcome = run(model, backend);
  EXPECT_GT(outcome.failed, 1000U);
  EXPECT_EQ(outcome.waits.front(), Duration::zero());
}

TEST(LoadRun, only_what_arrives_in_the_window_counts) {
  LoadModel model = model_of(2, 100, 30s);
  model.measured.from = 20s;
  EXPECT_NEAR(static_cast<double>(run_on_farm(model, 4).requests), 1000, 120);
}

}  // namespace
}  // namespace fairlead::simulate
