#include "simulate/experiment.h"

#include <gtest/gtest.h>

#include "simulate/findings.h"

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;
using pool::Algorithm;

Plan plan_of(std::size_t servers, double per_second) {
  Plan plan{.window = 30s};
  plan.options.servers.resize(servers);
  plan.traffic.per_second = per_second;
  plan.traffic.service = {.median = 40ms, .p99 = 400ms};
  return plan;
}

constexpr Scenario kNormal{.at = 10s};
constexpr Scenario kDeath{.trouble = Trouble::dies, .servers = 1, .at = 10s};
constexpr Scenario kSlow{.trouble = Trouble::slows, .servers = 1, .factor = 20, .at = 10s};

std::vector<CaseResult> results_of(const Plan& plan, const std::vector<Case>& cases) {
  return run_cases(plan, cases, [](double) {});
}

TEST(Experiment, the_same_requests_meet_every_algorithm) {
  const std::vector<CaseResult> results =
      results_of(plan_of(4, 100), {{4, Algorithm::round_robin, kNormal}, {4, Algorithm::ewma, kNormal}});
  ASSERT_EQ(results[0].runs.size(), 20U);
  for (std::size_t run = 0; run < 20; ++run) EXPECT_EQ(results[0].runs[run].requests, results[1].runs[run].requests);
  EXPECT_NE(results[0].runs[0].requests, results[0].runs[1].requests);
}

TEST(Experiment, threads_do_not_change_the_result) {
  const Plan plan = plan_of(3, 60);
  const Case what{3, Algorithm::least_requests, kDeath};
  const std::vector<CaseResult> results = results_of(plan, {what});
  for (std::uint32_t run = 0; run < 20; ++run) EXPECT_EQ(results[0].runs[run].p99, run_case(plan, what, run).p99);
}

TEST(Experiment, servers_are_added_and_left_out_at_the_end) {
  pool::PoolOptions options;
  options.servers = {{.name = "spare", .backup = true}, {.name = "a", .weight = 400}, {.name = "b"}};
  EXPECT_EQ(with_servers(options, 2).servers.size(), 2U);
  const pool::PoolOptions more = with_servers(options, 4);
  ASSERT_EQ(more.servers.size(), 4U);
  EXPECT_EQ(more.servers[3].weight, 400U);
  EXPECT_FALSE(more.servers[3].backup);
}

TEST(Experiment, a_server_works_on_as_many_at_once_as_its_weight_says) {
  EXPECT_EQ(slots_of({.weight = 100}, 4), 4U);
  EXPECT_EQ(slots_of({.weight = 400}, 4), 16U);
  EXPECT_EQ(slots_of({.weight = 1}, 4), 1U);
}

TEST(Experiment, the_largest_server_dies_and_a_backup_steps_in) {
  Plan plan = plan_of(0, 60);
  plan.options.servers = {{.name = "spare", .weight = 200, .backup = true}, {.name = "a"}};
  const std::vector<CaseResult> results = results_of(plan, {{2, Algorithm::least_requests, kDeath}});
  EXPECT_EQ(results[0].failed_share(), 0);
}

TEST(Findings, a_slow_server_tells_algorithms_apart_and_normal_times_do_not) {
  Plan plan = plan_of(4, 100);
  plan.options.passive.slow_factor.reset();  // else it would get little under any algorithm
  const std::vector<CaseResult> results = results_of(plan, {{4, Algorithm::least_requests, kNormal},
                                                            {4, Algorithm::least_requests, kSlow},
                                                            {4, Algorithm::p2c, kNormal},
                                                            {4, Algorithm::p2c, kSlow},
                                                            {4, Algorithm::ewma, kNormal},
                                                            {4, Algorithm::ewma, kSlow}});
  const std::vector<Standing> all = standings(results, &RunResult::p99);
  EXPECT_TRUE(all[0].is_same || all[0].is_best);
  EXPECT_TRUE(all[2].is_same || all[2].is_best);
  EXPECT_FALSE(all[1].is_same || all[1].is_best);
  EXPECT_TRUE(all[5].is_best);
  EXPECT_EQ(rows_of(results).size(), 3U);
  EXPECT_EQ(recommended(results, Algorithm::least_requests), 2U);
}

TEST(Findings, what_is_configured_stays_where_nothing_is_better) {
  Plan plan = plan_of(4, 5);  // hardly any traffic: every choice is right
  plan.traffic.service = {.median = 40ms, .p99 = 40ms};
  const std::vector<CaseResult> results =
      results_of(plan, {{4, Algorithm::least_requests, kNormal}, {4, Algorithm::p2c, kNormal}});
  EXPECT_EQ(recommended(results, Algorithm::least_requests), 0U);
  EXPECT_EQ(recommended(results, Algorithm::p2c), 1U);
}

TEST(Findings, the_fewest_servers_that_bear_a_death_are_recommended) {
  // Two servers of four slots each, and work for five of them.
  const Plan plan = plan_of(2, 75);
  std::vector<Case> cases;
  for (const std::uint32_t servers : {2U, 3U, 4U})
    for (const Scenario& scenario : {kNormal, kDeath}) cases.push_back({servers, Algorithm::least_requests, scenario});
  const std::vector<CaseResult> results = results_of(plan, cases);
  EXPECT_EQ(recommended(results, Algorithm::least_requests), 1U);
}

TEST(Findings, says_how_many_servers_may_die) {
  const auto capacity_of = [](std::uint32_t servers, double per_second) {
    return find_capacity(plan_of(servers, per_second), {servers, Algorithm::least_requests, kDeath}, [](double) {});
  };
  const Capacity ample = capacity_of(6, 75);
  EXPECT_GE(ample.may_die, 2U);
  EXPECT_LE(ample.may_die, 4U);
  EXPECT_FALSE(ample.enough_servers);
  const Capacity scarce = capacity_of(2, 75);
  EXPECT_EQ(scarce.may_die, 0U);
  EXPECT_EQ(scarce.enough_servers, 3U);
}

}  // namespace
}  // namespace fairlead::simulate
