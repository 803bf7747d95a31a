// How long requests took, in buckets that are at most 1/32 wide of what they hold.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace fairlead::cli::demo {

// Log-linear: every power of two of microseconds is cut into 32 equal buckets. Belongs to one thread.
class LatencyHistogram {
 public:
  void record(Duration took) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    ++counts_[bucket_of(std::clamp<std::int64_t>(microseconds, 0, kLongest))];
    ++total_;
  }

  std::uint64_t total() const { return total_; }

  // The time within which a share of the requests (0 to 1) had ended: the upper end of its bucket. Zero without any.
  Duration quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > 0 && seen >= rank) return std::chrono::microseconds(upper_end(bucket));
    }
    return Duration::zero();
  }

 private:
  static constexpr int kBits = 5;  // 32 buckets for each power of two
  static constexpr std::int64_t kLongest = (std::int64_t{1} << 40) - 1;
  static constexpr std::size_t kBuckets = (40 - kBits + 1) << kBits;

  static std::size_t bucket_of(std::int64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value))) - kBits - 1);
    return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
  }
  static std::int64_t upper_end(std::size_t bucket) {
    const std::size_t power = bucket >> kBits;
    if (power == 0) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = power - 1;
    return static_cast<std::int64_t>(((bucket - (shift << kBits) + 1) << shift) - 1);
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace fairlead::cli::demo
