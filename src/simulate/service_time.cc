#include "simulate/service_time.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace fairlead::simulate {
namespace {

// The 99th percentile of the normal distribution.
constexpr double kNormalP99 = 2.3263478740;
// Slow requests vary a little: by a tenth up or down.
constexpr double kSlowSpread = 0.1;

Duration scaled(Duration duration, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

double sigma_of(const ServiceTime& service) {
  if (service.p99 <= service.median || service.median <= Duration::zero()) return 0;
  const double ratio = static_cast<double>(service.p99.count()) / static_cast<double>(service.median.count());
  return std::log(ratio) / kNormalP99;
}

// Box and Muller, "A note on the generation of random normal deviates" (1958).
double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.unit()));
  return radius * std::cos(2 * std::numbers::pi * random.unit());
}

}  // namespace

Duration ServiceTime::draw(Random& random) const {
  if (!samples.empty()) return samples[random.below(samples.size())];
  const double kind = random.unit();
  const double deviate = normal(random);
  const double spread = random.unit();
  if (kind < slow_share) return scaled(slow, 1 + kSlowSpread * (2 * spread - 1));
  return scaled(median, std::exp(sigma_of(*this) * deviate));
}

Duration ServiceTime::mean() const {
  if (!samples.empty()) {
    const auto sum = std::accumulate(samples.begin(), samples.end(), Duration::zero());
    return sum / static_cast<Duration::rep>(samples.size());
  }
  const double sigma = sigma_of(*this);
  return scaled(median, (1 - slow_share) * std::exp(sigma * sigma / 2)) + scaled(slow, slow_share);
}

}  // namespace fairlead::simulate
