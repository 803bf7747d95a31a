// When requests arrive, and how much work each one is: the same for every algorithm that is compared.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "simulate/service_time.h"

namespace fairlead::simulate {

// poisson: clients that know nothing of each other. even: a clock. bursty: clients, four times busier in some seconds
// than in others. recorded: as in an access log, repeated from a random place.
enum class ArrivalProcess : std::uint8_t { poisson, even, bursty, recorded };

struct Traffic {
  ArrivalProcess process = ArrivalProcess::poisson;
  double per_second = 1;
  ServiceTime service;
  std::vector<Duration> recorded = {};  // recorded: since the first, ascending, at least two
  double surge_factor = 1;              // of the rate
  Duration surge_at = Duration::max();
};

struct Arrival {
  Duration at{};    // since the start
  Duration work{};  // for a server of normal speed
};

// An endless stream of arrivals. `traffic` outlives it; one seed, one stream.
class Arrivals {
 public:
  Arrivals(const Traffic& traffic, std::uint64_t seed);

  Arrival next();

 private:
  // How long a busy or a quiet time lasts on average, and how much more and less arrives in it.
  static constexpr double kPhaseSeconds = 1;
  static constexpr double kBusy = 1.6;
  static constexpr double kQuiet = 0.4;

  Duration gap();
  Duration recorded_gap();
  double rate() const;

  const Traffic& traffic_;
  Random gaps_;
  Random works_;
  Duration at_{};
  Duration phase_end_{};
  bool is_busy_ = false;
  std::size_t place_ = 0;  // in the record
};

}  // namespace fairlead::simulate
