// Counts durations in buckets a thirty-second of an octave wide, so that a percentile is right to about 2 %.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace fairlead::bench {

class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++buckets_[bucket_of(nanoseconds)];
    ++count_;
  }

  // The upper bound in nanoseconds of the bucket where `share` (0 to 1) of the values are reached; 0 without values.
  std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * share);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen > wanted) return upper_bound(bucket);
    }
    return 0;
  }

  void clear() { *this = {}; }

 private:
  static constexpr unsigned kBits = 5;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < (1U << kBits)) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kBits;
    return ((shift + 1) << kBits) + ((value >> shift) - (1U << kBits));
  }

  static std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < (1U << kBits)) return bucket;
    const std::size_t shift = (bucket >> kBits) - 1;
    return (((bucket & ((1U << kBits) - 1)) + (1U << kBits) + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (65 - kBits) << kBits> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace fairlead::bench
