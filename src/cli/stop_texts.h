// What `fairlead run` says while it stops, and the exit code that goes with it.
#pragma once

#include <string>

#include "app/engine.h"
#include "base/time.h"

namespace fairlead::cli {

// How a stop went.
struct StopOutcome {
  Duration took{};
  app::OpenWork at_first;  // when the signal came
  app::OpenWork left;      // when we ended
  int second_signal = 0;   // the one that ended the waiting; 0: none did
};

// `14 requests and 3 WebSockets`; only those that there are.
std::string work_text(const app::OpenWork& work);

// The line of the first signal. New connections are taken for `delay` yet.
std::string stopping_text(const app::OpenWork& work, Duration delay, Duration grace);
// `  12s   2 requests and 3 WebSockets left`.
std::string still_open_text(Duration took, const app::OpenWork& left);
// The last line. A WebSocket has no end of its own: closing it cuts nothing.
std::string stopped_text(const StopOutcome& outcome);
// What was done in all, for the event log: only the counts that are not 0. Empty where there was no request.
std::string totals_text(const app::Totals& totals);
// kDone; kTimedOut where a request was cut; 130 after a second SIGINT.
int stop_exit_code(const StopOutcome& outcome);

}  // namespace fairlead::cli
