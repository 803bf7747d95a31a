#include "cli/demo/latency_histogram.h"

#include <gtest/gtest.h>

namespace fairlead::cli::demo {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, without_records_every_quantile_is_zero) { EXPECT_EQ(LatencyHistogram().quantile(0.99), 0ns); }

TEST(LatencyHistogram, a_quantile_is_never_below_and_at_most_a_32nd_above_the_value) {
  for (Duration value = 1us; value < 24h; value = value * 5 / 4 + 1us) {
    LatencyHistogram histogram;
    histogram.record(value);
    const Duration whole = std::chrono::floor<std::chrono::microseconds>(value);
    EXPECT_GE(histogram.quantile(1), whole);
    EXPECT_LE(histogram.quantile(1), whole + whole / 32);
  }
}

TEST(LatencyHistogram, quantiles_are_ranks_of_all_records) {
  LatencyHistogram histogram;
  for (int count = 0; count < 99; ++count) histogram.record(10us);
  histogram.record(1s);
  EXPECT_EQ(histogram.total(), 100U);
  EXPECT_EQ(histogram.quantile(0.5), 10us);
  EXPECT_EQ(histogram.quantile(0.99), 10us);
  EXPECT_GE(histogram.quantile(0.991), 1s);
}

TEST(LatencyHistogram, what_is_out_of_range_goes_into_the_outermost_buckets) {
  LatencyHistogram histogram;
  histogram.record(-1s);
  EXPECT_EQ(histogram.quantile(1), 0ns);
  histogram.record(Duration::max());
  EXPECT_GT(histogram.quantile(1), 24h * 10);
}

}  // namespace
}  // namespace fairlead::cli::demo
