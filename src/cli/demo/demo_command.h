// `fairlead demo`: Fairlead, toy app servers and a client in one process, so that people see it at work within a
// minute.
//
// A server is slow, one crashes and returns, one is drained; a narrator says what happened, with measured numbers.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "base/time.h"

namespace fairlead::cli::demo {

struct DemoFlags {
  Duration duration = std::chrono::seconds(60);  // of the script; its steps are scaled with it
  double rate = 40;                              // requests per second
  std::uint32_t servers = 3;                     // 2 to 9
  std::uint64_t seed = 1;                        // of arrivals and service times
  bool no_browser = false;                       // accepted; nothing is opened yet
  bool json = false;                             // events and the result as JSON lines
};

// Runs the demo to its end, on this thread and some of its own. Writes to `out`; reads keys where the standard input is
// a terminal and neither `json` nor a pipe forbids it. SIGINT and SIGTERM end it cleanly, with the counts. Returns the
// exit code: 0 where clients saw no error, 1 where they did or where the demo could not start, 2 for flags out of
// range.
int run_demo(const DemoFlags& flags, std::ostream& out, std::ostream& errors);

}  // namespace fairlead::cli::demo
