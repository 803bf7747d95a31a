// Whether a request ended as it had to, given what servers and clients did.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/journal.h"

namespace fairlead::sim {

// What holds for all requests of a run.
struct Circumstances {
  bool is_calm = false;
  bool servers_hang_up = false;             // they end connections that nobody uses
  bool are_seats_limited = false;           // a connection may be refused, or closed while it is idle
  bool is_memory_limited = false;           // the same, and a request may be refused with its connection
  std::uint32_t retries = 0;                // per request
  bool are_puts_repeated = false;           // where their body is kept
  bool are_hedged = false;                  // a second server may have a request at the same time
  bool are_tries_short = false;             // a server that is late is followed by another
  std::optional<Duration> total;            // for a whole exchange
  std::optional<Duration> per_try;          // for the beginning of an answer; then another server is asked
  std::optional<std::size_t> largest_body;  // of a request
  int retried_status = 0;                   // a response that is asked for again elsewhere
  TimePoint drained_at = kNever;            // no further request from here on
  TimePoint cut_at = kNever;                // everything was ended
};

// Adds to `journal.violations` what must not have happened.
void judge(Journal& journal, const Circumstances& circumstances);

}  // namespace fairlead::sim
