// When the next check of a server is due: spread over servers, jittered, at double pace while it fails.
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace fairlead::pool {

// One per server, on the control thread.
class CheckSchedule {
 public:
  // Up to this share of an interval is taken off or added, so that checks do not fall into step.
  static constexpr double kJitter = 0.1;

  explicit CheckSchedule(Duration every) : every_(every) {}

  // The first check is up to the caller. The second one falls anywhere within an interval, which spreads servers that
  // started together; later ones follow at `every` (half of it while `failing`), jittered. `started` is when the last
  // check began.
  TimePoint next(TimePoint started, bool failing, Random& random);

 private:
  Duration every_;
  bool spread_ = false;
};

}  // namespace fairlead::pool
