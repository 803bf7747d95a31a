// What runs with different seeds say together: means with their error, and whether two rows differ at all.
#pragma once

#include <span>

namespace fairlead::simulate {

// A mean, and how far the true one may be from it, 95 times of 100.
struct Estimate {
  double mean = 0;
  double plus_minus = 0;
};

// Of independent runs, at least two. Student's t.
Estimate estimate(std::span<const double> runs);

// Whether two rows differ, going by the same runs of both (the seeds are paired, so that what chance does to both
// cancels out). `comparisons` is how many such questions are asked at once: the 5 % of error are for all together
// (Bonferroni). Differences below kNegligible of the smaller mean count as none, however sure they are.
inline constexpr double kNegligible = 0.01;
bool differ(std::span<const double> left, std::span<const double> right, std::size_t comparisons);

}  // namespace fairlead::simulate
