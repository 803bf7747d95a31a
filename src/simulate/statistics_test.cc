#include "simulate/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace fairlead::simulate {
namespace {

TEST(Statistics, the_interval_is_students) {
  // t for two degrees of freedom and 95 % is 4.303; the deviation of 1, 2, 3 is 1.
  const Estimate three = estimate(std::vector<double>{1, 2, 3});
  EXPECT_DOUBLE_EQ(three.mean, 2);
  EXPECT_NEAR(three.plus_minus, 4.303 / std::sqrt(3), 0.001);
  EXPECT_DOUBLE_EQ(estimate(std::vector<double>(20, 5.0)).plus_minus, 0);
}

TEST(Statistics, the_interval_holds_the_true_mean_95_times_of_100) {
  Random random(1);
  int held = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> runs(20);
    for (double& run : runs) run = random.unit() + random.unit() + random.unit();
    const Estimate found = estimate(runs);
    held += std::abs(found.mean - 1.5) <= found.plus_minus ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / kTrials, 0.95, 0.015);
}

// Two rows in which chance does much the same to both.
struct Pair {
  std::vector<double> left;
  std::vector<double> right;
};
Pair pair_apart_by(double difference, Random& random) {
  Pair pair;
  for (int run = 0; run < 20; ++run) {
    const double common = 10 + 10 * random.unit();
    pair.left.push_back(common + random.unit());
    pair.right.push_back(common + random.unit() + difference);
  }
  return pair;
}

TEST(Statistics, a_difference_is_found_in_pairs_although_chance_moves_both_more) {
  Random random(1);
  const Pair pair = pair_apart_by(1, random);
  EXPECT_TRUE(differ(pair.left, pair.right, 1));
  // Each interval alone would hold the other's mean.
  EXPECT_LT(std::abs(estimate(pair.left).mean - estimate(pair.right).mean), estimate(pair.left).plus_minus);
}

TEST(Statistics, of_many_comparisons_of_the_same_few_find_a_difference) {
  Random random(7);
  int found = 0;
  constexpr int kTrials = 1000;
  for (int trial = 0; trial < kTrials; ++trial) {
    bool any = false;
    for (int rival = 0; rival < 5; ++rival) {
      const Pair pair = pair_apart_by(0, random);
      any |= differ(pair.left, pair.right, 5);
    }
    found += any ? 1 : 0;
  }
  EXPECT_LT(static_cast<double>(found) / kTrials, 0.07);
}

TEST(Statistics, what_is_sure_but_tiny_is_the_same) {
  const std::vector<double> left(20, 100.0);
  EXPECT_FALSE(differ(left, std::vector<double>(20, 100.9), 1));
  EXPECT_TRUE(differ(left, std::vector<double>(20, 101.1), 1));
}

}  // namespace
}  // namespace fairlead::simulate
