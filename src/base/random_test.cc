#include "base/random.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(Random, same_seed_gives_the_same_draws) {
  Random first(7);
  Random second(7);
  for (int draw = 0; draw < 1000; ++draw) ASSERT_EQ(first.next(), second.next());
}

TEST(Random, below_stays_below_and_is_even) {
  Random random(1);
  std::array<int, 10> counts{};
  for (int draw = 0; draw < 100'000; ++draw) ++counts.at(random.below(10));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Random, unit_is_in_its_interval) {
  Random random(2);
  for (int draw = 0; draw < 10'000; ++draw) {
    const double value = random.unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
  }
}

}  // namespace
}  // namespace fairlead
