// A fixed set of seeds, run with every test; a failing one is replayed by `fairlead_sim --seed=N`.
#include <gtest/gtest.h>

#include <string>

#include "sim/world.h"

namespace fairlead::sim {
namespace {

constexpr std::uint64_t kSeedsPerTest = 100;

std::string lines(const std::vector<std::string>& violations) {
  std::string text;
  for (const std::string& violation : violations) text += violation + "\n";
  return text;
}

class Simulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Simulation, keeps_every_promise) {
  for (std::uint64_t seed = GetParam(); seed < GetParam() + kSeedsPerTest; ++seed) {
    const Report report = World(seed).run();
    EXPECT_TRUE(report.violations.empty()) << "fairlead_sim --seed=" << seed << "\n" << lines(report.violations);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, testing::Range<std::uint64_t>(1, 1001, kSeedsPerTest));

TEST(SimulationItself, a_seed_decides_everything) {
  for (const std::uint64_t seed : {3, 17, 42, 99}) EXPECT_EQ(World(seed).run().summary, World(seed).run().summary);
}

TEST(SimulationItself, sees_answers_refusals_cuts_retries_hedges_limits_and_homes) {
  Report total;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Report report = World(seed).run();
    total.answers += report.answers;
    total.own_answers += report.own_answers;
    total.cuts += report.cuts;
    total.retries += report.retries;
    total.hedges += report.hedges;
    total.hedges_won += report.hedges_won;
    total.refused_connections += report.refused_connections;
    total.shed_requests += report.shed_requests;
    total.refused_heads += report.refused_heads;
    total.homes += report.homes;
  }
  EXPECT_GT(total.answers, 100U);
  EXPECT_GT(total.own_answers, 20U);
  EXPECT_GT(total.cuts, 20U);
  EXPECT_GT(total.retries, 20U);
  EXPECT_GT(total.hedges, 10U);
  EXPECT_GT(total.hedges_won, 0U);
  EXPECT_GT(total.refused_connections, 10U);
  EXPECT_GT(total.shed_requests, 10U);
  EXPECT_GT(total.refused_heads, 10U);
  EXPECT_GT(total.homes, 0U);
}

}  // namespace
}  // namespace fairlead::sim
