#include "sim/simulation.h"

#include <gtest/gtest.h>

namespace fairlead::sim {
namespace {

constexpr std::uint64_t kRuns = 500;

TEST(Simulation, no_rule_is_broken_whatever_clients_servers_and_network_do) {
  int successes = 0;
  int errors = 0;
  std::uint64_t retries = 0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const Verdict verdict = simulate(seed);
    for (const std::string& violation : verdict.violations) {
      ADD_FAILURE() << violation << "\n  replay: fairlead_sim --seed=" << seed;
    }
    successes += verdict.successes;
    errors += verdict.errors;
    retries += verdict.retries;
  }
  // The runs exercise what they are meant to.
  EXPECT_GT(successes, 1000);
  EXPECT_GT(errors, 100);
  EXPECT_GT(retries, 10U);
}

TEST(Simulation, a_seed_decides_everything) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    EXPECT_EQ(simulate(seed).digest, simulate(seed).digest) << seed;
  }
}

}  // namespace
}  // namespace fairlead::sim
