// How long servers work on a request: a distribution that people can write down, or the times of an access log.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace fairlead::simulate {

// A log-normal body, which is how the answer times of most applications look, and optionally a share of slow requests
// of their own kind (reports, exports). Or samples, which then are all there is.
struct ServiceTime {
  Duration median{};
  Duration p99{};         // of the body; equal to `median`: always the same
  double slow_share = 0;  // of requests that take about `slow` instead
  Duration slow{};
  std::vector<Duration> samples = {};

  // One time, drawn with a fixed number of draws, so that two runs of one seed stay in step.
  Duration draw(Random& random) const;
  Duration mean() const;
};

}  // namespace fairlead::simulate
