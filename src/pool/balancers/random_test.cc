#include <gtest/gtest.h>

#include <cmath>

#include "pool/balancers/alias_table.h"
#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

TEST(AliasTable, draws_in_proportion_to_any_weights) {
  constexpr int kDraws = 200'000;
  Random random(3);
  for (const std::vector<std::uint32_t>& weights :
       {std::vector<std::uint32_t>{1}, {1, 1}, {10'000, 1}, {3, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}}) {
    TestServers servers(weights);
    AliasTable table;
    table.build(servers.candidates());
    std::vector<int> counts(weights.size());
    for (int draw = 0; draw < kDraws; ++draw) ++counts.at(table.draw(random));
    double total = 0;
    for (const std::uint32_t weight : weights) total += weight;
    for (std::size_t index = 0; index < weights.size(); ++index) {
      const double share = weights[index] / total;
      EXPECT_NEAR(counts[index], kDraws * share, 4 * std::sqrt(kDraws * share * (1 - share)) + 1e-9);
    }
  }
}

TEST(Random, ignores_load) {
  TestServers servers(2);
  Random random(1);
  const auto balancer = balancer_type(Algorithm::random).make(test_pool(), random);
  balancer->update(servers.candidates());
  std::vector<Permit> open;
  for (int request = 0; request < 100; ++request) open.emplace_back(servers[0]);
  int loaded = 0;
  for (int pick = 0; pick < 1000; ++pick) loaded += balancer->pick(fresh_request()) == &servers[0] ? 1 : 0;
  EXPECT_NEAR(loaded, 500, 50);
}

}  // namespace
}  // namespace fairlead::pool
