#include "simulate/arrivals.h"

#include <gtest/gtest.h>

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;

double rate_until(const Traffic& traffic, Duration end, Duration begin = {}) {
  Arrivals arrivals(traffic, 5);
  int count = 0;
  for (Arrival next = arrivals.next(); next.at < end; next = arrivals.next()) count += next.at >= begin ? 1 : 0;
  return count / std::chrono::duration<double>(end - begin).count();
}

TEST(Arrivals, come_at_the_rate_that_was_asked_for) {
  for (const ArrivalProcess process : {ArrivalProcess::poisson, ArrivalProcess::even, ArrivalProcess::bursty})
    EXPECT_NEAR(rate_until({.process = process, .per_second = 100}, 20min), 100, 3);
}

// The index of dispersion of counts per second: 0 for a clock, 1 for a Poisson process.
double dispersion(ArrivalProcess process) {
  const Traffic traffic{.process = process, .per_second = 100};
  Arrivals arrivals(traffic, 9);
  std::vector<int> counts(1000);
  for (Arrival next = arrivals.next(); next.at < 1000s; next = arrivals.next())
    ++counts[static_cast<std::size_t>(next.at / 1s)];
  double variance = 0;
  for (const int count : counts) variance += (count - 100.0) * (count - 100.0) / 1000;
  return variance / 100;
}

TEST(Arrivals, are_as_uneven_as_their_process) {
  EXPECT_LT(dispersion(ArrivalProcess::even), 0.1);
  EXPECT_NEAR(dispersion(ArrivalProcess::poisson), 1, 0.2);
  EXPECT_GT(dispersion(ArrivalProcess::bursty), 5);
}

TEST(Arrivals, come_more_often_in_a_surge) {
  const Traffic traffic{.per_second = 100, .surge_factor = 3, .surge_at = 60s};
  EXPECT_NEAR(rate_until(traffic, 60s), 100, 5);
  EXPECT_NEAR(rate_until(traffic, 160s, 60s), 300, 10);
}

TEST(Arrivals, of_a_record_keep_its_gaps_in_order_and_go_round) {
  const Traffic traffic{.process = ArrivalProcess::recorded, .recorded = {0s, 1s, 3s}};
  Arrivals arrivals(traffic, 1);
  std::vector<Duration> gaps;
  Duration before{};
  for (int count = 0; count < 6; ++count) {
    const Duration at = arrivals.next().at;
    gaps.push_back(at - before);
    before = at;
  }
  // One, two, and back to the first after the average of both.
  for (std::size_t index = 0; index + 1 < gaps.size(); ++index) {
    const Duration follows = gaps[index] == 1s ? 2s : gaps[index] == 2s ? 1500ms : 1s;
    EXPECT_EQ(gaps[index + 1], follows);
  }
}

TEST(Arrivals, of_one_seed_are_the_same_work_whatever_the_process) {
  const ServiceTime service{.median = 10ms, .p99 = 90ms};
  const Traffic even{.process = ArrivalProcess::even, .service = service};
  const Traffic poisson{.process = ArrivalProcess::poisson, .service = service};
  Arrivals one(even, 4);
  Arrivals other(poisson, 4);
  for (int count = 0; count < 100; ++count) EXPECT_EQ(one.next().work, other.next().work);
}

}  // namespace
}  // namespace fairlead::simulate
