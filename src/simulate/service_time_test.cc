#include "simulate/service_time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;

std::vector<Duration> draws(const ServiceTime& service) {
  Random random(3);
  std::vector<Duration> times(100'000);
  for (Duration& time : times) time = service.draw(random);
  std::ranges::sort(times);
  return times;
}

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

TEST(ServiceTime, has_the_percentiles_that_were_asked_for) {
  const ServiceTime service{.median = 42ms, .p99 = 1200ms};
  const std::vector<Duration> times = draws(service);
  EXPECT_NEAR(milliseconds(times[50'000]), 42, 1);
  EXPECT_NEAR(milliseconds(times[99'000]), 1200, 60);
  const Duration mean = std::accumulate(times.begin(), times.end(), Duration::zero()) / 100'000;
  EXPECT_NEAR(milliseconds(service.mean()), milliseconds(mean), 5);
}

TEST(ServiceTime, of_one_length_is_always_the_same) {
  const std::vector<Duration> times = draws({.median = 42ms, .p99 = 42ms});
  EXPECT_EQ(times.front(), 42ms);
  EXPECT_EQ(times.back(), 42ms);
}

TEST(ServiceTime, has_its_share_of_slow_requests) {
  const ServiceTime service{.median = 40ms, .p99 = 40ms, .slow_share = 0.08, .slow = 700ms};
  const std::vector<Duration> times = draws(service);
  EXPECT_NEAR(static_cast<double>(std::ranges::count_if(times, [](Duration time) { return time > 600ms; })), 8000, 300);
  EXPECT_NEAR(milliseconds(service.mean()), 0.92 * 40 + 0.08 * 700, 0.001);
}

TEST(ServiceTime, of_samples_is_one_of_them) {
  const ServiceTime service{.samples = {10ms, 20ms, 60ms}};
  for (const Duration time : draws(service)) ASSERT_TRUE(time == 10ms || time == 20ms || time == 60ms);
  EXPECT_EQ(service.mean(), 30ms);
}

}  // namespace
}  // namespace fairlead::simulate
