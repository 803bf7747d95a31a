// Randomness that is passed in, so that a seed decides everything in a simulation.
//
// Not for secrets: xoshiro256** is fast and even, and can be predicted from its output.
#pragma once

#include <array>
#include <cstdint>

namespace fairlead {

// One generator per core; not thread-safe. Source: Blackman and Vigna, "Scrambled linear pseudorandom number
// generators" (2018); seeded by splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  // 64 even bits.
  std::uint64_t next();
  // An even draw from [0, bound). `bound` must not be 0. Source: Lemire, "Fast random integer generation in an
  // interval" (2019), without the rejection step: the bias is below 2^-32 for the small bounds we use.
  std::uint64_t below(std::uint64_t bound);
  // An even draw from [0, 1).
  double unit();
  // True with the given probability.
  bool chance(double probability) { return unit() < probability; }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace fairlead
