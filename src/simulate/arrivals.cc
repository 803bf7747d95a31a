#include "simulate/arrivals.h"

#include <cmath>

#include "base/assert.h"

namespace fairlead::simulate {
namespace {

// Makes two streams of one seed differ.
constexpr std::uint64_t kWorks = 0x776f726b73;

Duration seconds(double count) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count)); }

double exponential(Random& random, double mean) { return -std::log(1 - random.unit()) * mean; }

}  // namespace

Arrivals::Arrivals(const Traffic& traffic, std::uint64_t seed) : traffic_(traffic), gaps_(seed), works_(seed ^ kWorks) {
  if (traffic_.process != ArrivalProcess::recorded) return;
  FAIRLEAD_ASSERT(traffic_.recorded.size() >= 2);
  place_ = gaps_.below(traffic_.recorded.size());
}

Arrival Arrivals::next() {
  at_ += gap();
  return {.at = at_, .work = traffic_.service.draw(works_)};
}

Duration Arrivals::gap() {
  const double factor = at_ >= traffic_.surge_at ? traffic_.surge_factor : 1;
  switch (traffic_.process) {
    case ArrivalProcess::even:
      return seconds(1 / (traffic_.per_second * factor));
    case ArrivalProcess::recorded:
      return Duration(static_cast<Duration::rep>(static_cast<double>(recorded_gap().count()) / factor));
    case ArrivalProcess::bursty:
      while (at_ >= phase_end_) {
        is_busy_ = !is_busy_;
        phase_end_ += seconds(exponential(gaps_, kPhaseSeconds));
      }
      break;
    case ArrivalProcess::poisson:
      break;
  }
  return seconds(exponential(gaps_, 1 / (rate() * factor)));
}

double Arrivals::rate() const {
  if (traffic_.process != ArrivalProcess::bursty) return traffic_.per_second;
  return traffic_.per_second * (is_busy_ ? kBusy : kQuiet);
}

// Behind the last request of the record, the first one follows after an average gap.
Duration Arrivals::recorded_gap() {
  const std::vector<Duration>& times = traffic_.recorded;
  const std::size_t before = place_;
  place_ = (place_ + 1) % times.size();
  if (place_ == 0) return times.back() / static_cast<Duration::rep>(times.size() - 1);
  return times[place_] - times[before];
}

}  // namespace fairlead::simulate
