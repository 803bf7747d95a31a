// Whether a server answers far slower than the others of its pool.
//
// Servers are compared with each other, never with a fixed time: a page that is slow by nature is slow on all of them,
// and so is what stands behind them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "pool/answer_window.h"

namespace fairlead::pool {

// `unknown`: too few answers to tell. `between`: slower than the others, but not by enough to be called slow.
enum class Pace : std::uint8_t { unknown, normal, between, slow };

// The usual pace of a pool at one moment, and how each server's compares.
class PoolPace {
 public:
  // A server with fewer answers than this is not judged, nor does it take part in the comparison.
  static constexpr std::uint64_t kLeastAnswers = 8;
  // Of one that was slow a short while ago, fewer will do: each may be a slow one.
  static constexpr std::uint64_t kLeastOfSuspect = 4;
  // Of two servers nobody can say which one is the usual one.
  static constexpr std::size_t kLeastServers = 3;
  // Smaller differences matter to nobody, however many times slower they make a server.
  static constexpr Duration kLeastDifference = std::chrono::milliseconds(5);

  // `servers` are those of the pool that serve. A server `factor` times slower than their median is slow; without one,
  // nothing is known of any.
  PoolPace(std::span<const RecentAnswers> servers, std::optional<std::uint32_t> factor);

  Pace of(const RecentAnswers& server) const;
  // Of one that is slow: `answers 12 times slower than the others (240 ms, they 20 ms); gets a hundredth of its share`.
  std::string words(const RecentAnswers& server) const;

 private:
  double limit_;                  // positions by which a slow server lies behind
  std::optional<double> median_;  // empty where there is too little to compare
  double variance_ = 0;           // of the answers of a usual server
};

}  // namespace fairlead::pool
