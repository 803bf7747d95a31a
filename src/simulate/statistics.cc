#include "simulate/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/assert.h"

namespace fairlead::simulate {
namespace {

Estimate estimate_at(std::span<const double> runs, double error) {
  FAIRLEAD_ASSERT(runs.size() >= 2);
  const auto count = static_cast<double>(runs.size());
  const double mean = std::accumulate(runs.begin(), runs.end(), 0.0) / count;
  const double squares = std::accumulate(runs.begin(), runs.end(), 0.0,
                                         [&](double sum, double run) { return sum + (run - mean) * (run - mean); });
  const double deviation = std::sqrt(squares / (count - 1));
  const boost::math::students_t t(count - 1);
  return {.mean = mean, .plus_minus = quantile(complement(t, error / 2)) * deviation / std::sqrt(count)};
}

constexpr double kError = 0.05;

}  // namespace

Estimate estimate(std::span<const double> runs) { return estimate_at(runs, kError); }

bool differ(std::span<const double> left, std::span<const double> right, std::size_t comparisons) {
  FAIRLEAD_ASSERT(left.size() == right.size());
  std::vector<double> differences(left.size());
  std::ranges::transform(left, right, differences.begin(), std::minus());
  const Estimate difference =
      estimate_at(differences, kError / static_cast<double>(std::max(comparisons, std::size_t{1})));
  const double smaller = std::min(estimate(left).mean, estimate(right).mean);
  const double apart = std::abs(difference.mean);
  return apart > difference.plus_minus && apart > kNegligible * smaller;
}

}  // namespace fairlead::simulate
