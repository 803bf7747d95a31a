// Quantities that carry their unit in their type.
#pragma once

#include <compare>
#include <cstdint>

namespace fairlead {

// A count of bytes.
struct ByteCount {
  std::uint64_t bytes = 0;
  friend constexpr auto operator<=>(ByteCount, ByteCount) = default;
};

// Bytes in each second.
struct ByteRate {
  std::uint64_t per_second = 0;
  friend constexpr auto operator<=>(ByteRate, ByteRate) = default;
};

constexpr ByteCount operator""_KiB(unsigned long long count) { return ByteCount{count * 1024}; }

// A share of a whole, 0 to 100 percent, kept as a fraction from 0 to 1.
struct Share {
  double fraction = 0;
  friend constexpr auto operator<=>(Share, Share) = default;
};

}  // namespace fairlead
