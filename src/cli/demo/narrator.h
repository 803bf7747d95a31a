// What the demo tells, apart from how: words for people (text_narrator.h) or lines of JSON (json_narrator.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "pool/server_event.h"
#include "pool/server_state.h"

namespace fairlead::cli::demo {

// Measured counts at one moment.
struct Counts {
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  std::uint64_t errors = 0;  // seen by clients
};

// A sentence of the script.
struct Sentence {
  std::string_view step;  // `crash`, `down`, …; static
  std::string text;
};

// A server's part of the requests of the last seconds.
struct ServerShare {
  std::string name;
  pool::ServerState state{};
  std::uint64_t requests = 0;  // since the start, checks not among them
  double share = 0;            // of late; 0 to 1
};

struct Outcome {
  Counts counts;
  std::uint64_t answers = 0;
  std::map<std::string, std::uint64_t> error_kinds;
  Duration median{};
  Duration p99{};
  std::vector<ServerShare> servers;
  std::string_view ended_by;  // `script`, `key`, `signal`
};

// Called on the control thread. `at` is the time since the demo began.
class Narrator {
 public:
  virtual ~Narrator() = default;
  virtual void started(std::string_view address, double rate) = 0;
  virtual void say(Duration at, const Sentence& sentence, const Counts& counts) = 0;
  // A state changed, with or without a sentence about it.
  virtual void on_server_event(Duration at, const pool::ServerEvent& event) = 0;
  // Once a second.
  virtual void on_shares(Duration at, double rate, const std::vector<ServerShare>& servers, const Counts& counts) = 0;
  virtual void ended(Duration at, const Outcome& outcome) = 0;
};

}  // namespace fairlead::cli::demo
