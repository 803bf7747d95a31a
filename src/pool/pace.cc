#include "pool/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "pool/health/duration_text.h"

namespace fairlead::pool {
namespace {

// A difference must be this many times larger than chance makes it. Less would do for one comparison, but there are
// four a second for each server.
constexpr double kDeviations = 6;

bool are_enough(const RecentAnswers& answers) {
  return answers.count >= (answers.is_suspect ? PoolPace::kLeastOfSuspect : PoolPace::kLeastAnswers);
}

}  // namespace

PoolPace::PoolPace(std::span<const RecentAnswers> servers, std::optional<std::uint32_t> factor)
    : limit_(std::log2(factor.value_or(1)) * PaceSums::kOctave) {
  if (!factor) return;
  std::vector<double> means;
  double variances = 0;
  std::size_t answering = 0;
  for (const RecentAnswers& server : servers) {
    if (!are_enough(server)) continue;
    means.push_back(server.mean);
    if (server.is_stuck) continue;
    variances += server.variance;
    ++answering;
  }
  if (means.size() < kLeastServers || answering == 0) return;
  // The lower one of two, so that where half of a pool is slow, it is the slow half that is found.
  const auto middle = means.begin() + static_cast<std::ptrdiff_t>((means.size() - 1) / 2);
  std::ranges::nth_element(means, middle);
  median_ = *middle;
  variance_ = variances / static_cast<double>(answering);
}

Pace PoolPace::of(const RecentAnswers& server) const {
  if (!median_ || !are_enough(server)) return Pace::unknown;
  const double behind = server.mean - *median_;
  if (behind < limit_ / 2) return Pace::normal;
  if (behind < limit_) return Pace::between;
  const Duration difference = PaceSums::time_at(server.mean) - PaceSums::time_at(*median_);
  if (difference < kLeastDifference) return Pace::normal;
  // Both means are uncertain. A server with few answers may have drawn alike ones, so its own spread is no measure.
  const double spread = std::max(server.variance, variance_);
  const double chance = kDeviations * std::sqrt(2 * spread / static_cast<double>(server.count));
  return behind >= chance ? Pace::slow : Pace::between;
}

std::string PoolPace::words(const RecentAnswers& server) const {
  const Duration usual = PaceSums::time_at(median_.value_or(0));
  const Duration taken = PaceSums::time_at(server.mean);
  if (server.is_stuck) {
    return fmt::format("has answered none of {} requests for {}, the others take {}; gets a hundredth of its share",
                       server.count, short_duration(taken), short_duration(usual));
  }
  const double factor = static_cast<double>(taken.count()) / static_cast<double>(usual.count());
  return fmt::format("answers {} times slower than the others ({}, they {}); gets a hundredth of its share",
                     std::lround(factor), short_duration(taken), short_duration(usual));
}

}  // namespace fairlead::pool
