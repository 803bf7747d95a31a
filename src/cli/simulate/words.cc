// The words and numbers that both reports share.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/simulate/study.h"
#include "pool/balancers/catalog.h"

namespace fairlead::cli::simulation {

using simulate::Scenario;
using simulate::Trouble;

double Calibration::error() const {
  const auto off = [](double measured, double simulated) {
    return measured > 0 ? std::abs(simulated - measured) / measured : 1;
  };
  return std::max(off(measured_p50, simulated_p50), off(measured_p99, simulated_p99));
}

bool Calibration::is_good() const {
  constexpr double kLimit = 0.2;
  return error() <= kLimit;
}

std::string time_text(double seconds) {
  const double milliseconds = seconds * 1000;
  if (milliseconds < 9.95) return fmt::format("{:.1f} ms", milliseconds);
  if (milliseconds < 999.5) return fmt::format("{:.0f} ms", milliseconds);
  return seconds < 9.995 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.1f} s", seconds);
}

std::string share_text(double share) {
  const double percent = share * 100;
  if (percent == 0) return "0";
  if (percent < 0.01) return "<0.01%";
  return percent < 0.995 ? fmt::format("{:.2f}%", percent) : fmt::format("{:.0f}%", percent);
}

std::string scenario_text(const Scenario& scenario) {
  const bool is_one = scenario.servers == 1;
  const std::string who = is_one ? "one of them" : fmt::format("{} of them", scenario.servers);
  switch (scenario.trouble) {
    case Trouble::none:
      return "normal";
    case Trouble::dies:
      return fmt::format("after {} {}", who, is_one ? "dies" : "die");
    case Trouble::hangs:
      return fmt::format("after {} {}", who, is_one ? "hangs" : "hang");
    case Trouble::slows:
      return fmt::format("{} {:g} times slower", is_one ? "one" : std::to_string(scenario.servers), scenario.factor);
    case Trouble::surge:
      return fmt::format("{:g} times the traffic", scenario.factor);
  }
  return {};
}

std::string_view scenario_word(Trouble trouble) {
  switch (trouble) {
    case Trouble::none:
      return "normal";
    case Trouble::dies:
      return "dies";
    case Trouble::hangs:
      return "hangs";
    case Trouble::slows:
      return "slows";
    case Trouble::surge:
      return "surge";
  }
  return {};
}

std::string_view algorithm_name(pool::Algorithm algorithm) { return pool::balancer_type(algorithm).name; }

}  // namespace fairlead::cli::simulation
