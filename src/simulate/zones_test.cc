// A pool of two zones under load: the own zone serves what it can, and others the rest.

#include <gtest/gtest.h>

#include <numeric>

#include "pool/balancers/catalog.h"
#include "simulate/load_run.h"

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;

// Two servers in the own zone, which together do 400 requests a second, and four in another.
LoadModel zones(pool::Algorithm algorithm, double per_second) {
  LoadModel model{.zone = "a", .measured = {.from = 30s, .until = 2min}};
  model.options.algorithm = algorithm;
  model.options.servers.resize(6);
  for (std::size_t index = 0; index < 6; ++index) model.options.servers[index].zone = index < 2 ? "a" : "b";
  model.traffic.service = {.median = 20ms, .p99 = 20ms};
  model.traffic.per_second = per_second;
  return model;
}

// With `surge`, three times the traffic from the tenth second on.
LoadOutcome outcome_of(LoadModel model, bool surge) {
  if (surge) {
    model.traffic.surge_factor = 3;
    model.traffic.surge_at = 10s;
  }
  ServerFarm farm(std::vector(model.options.servers.size(), 4U), {}, model.measured);
  return run(model, farm);
}

double near_share(const LoadOutcome& outcome) {
  const auto near = static_cast<double>(outcome.per_server[0] + outcome.per_server[1]);
  return near / static_cast<double>(std::reduce(outcome.per_server.begin(), outcome.per_server.end()));
}

class ZonesUnderLoad : public testing::TestWithParam<const pool::BalancerType*> {};

TEST_P(ZonesUnderLoad, the_own_zone_serves_all_that_it_can) {
  EXPECT_EQ(near_share(outcome_of(zones(GetParam()->algorithm, 250), false)), 1);
}

// 600 requests a second, of which the own zone could do two thirds.
TEST_P(ZonesUnderLoad, what_it_cannot_do_goes_elsewhere) {
  if (!GetParam()->shares_by_weight) GTEST_SKIP();
  LoadModel model = zones(GetParam()->algorithm, 200);
  const bool hashes = pool::hashing_of(model.options).has_value();
  const LoadOutcome outcome = outcome_of(model, true);
  if (hashes) {
    EXPECT_EQ(near_share(outcome), 1) << "keys stay";
    return;
  }
  // Who goes by latency sends more of them to where answers are faster at the moment.
  const bool goes_by_latency =
      GetParam()->algorithm == pool::Algorithm::ewma || GetParam()->algorithm == pool::Algorithm::prequal;
  EXPECT_LT(outcome.percentile(0.99), goes_by_latency ? 400ms : 200ms);
  EXPECT_LT(outcome.percentile(0.5), 50ms);
  EXPECT_GT(near_share(outcome), goes_by_latency ? 0.35 : 0.5);
  EXPECT_LT(near_share(outcome), 0.67);
  model.options.spill_factor.reset();
  EXPECT_EQ(near_share(outcome_of(model, true)), 1);
}

TEST_P(ZonesUnderLoad, a_limit_sends_away_what_has_no_room_under_every_algorithm) {
  LoadModel model = zones(GetParam()->algorithm, 200);
  model.options.spill_factor.reset();
  model.options.limits.max_inflight = 4;
  const LoadOutcome outcome = outcome_of(model, true);
  EXPECT_LT(outcome.percentile(0.99), 50ms);
  EXPECT_GT(near_share(outcome), 0.55);
}

INSTANTIATE_TEST_SUITE_P(Catalog, ZonesUnderLoad,
                         testing::ValuesIn(pool::balancer_catalog().begin(), pool::balancer_catalog().end()),
                         [](const auto& entry) { return std::string(entry.param->name); });

}  // namespace
}  // namespace fairlead::simulate
