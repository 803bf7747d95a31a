#include "pool/health/schedule.h"

namespace fairlead::pool {

TimePoint CheckSchedule::next(TimePoint started, bool failing, Random& random) {
  const auto interval = static_cast<double>((failing ? every_ / 2 : every_).count());
  const double factor = spread_ || failing ? 1 + kJitter * (2 * random.unit() - 1) : random.unit();
  spread_ = spread_ || !failing;
  return started + Duration(static_cast<Duration::rep>(interval * factor));
}

}  // namespace fairlead::pool
