// All that `fairlead simulate` found out, for whoever prints it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulate/experiment.h"
#include "simulate/findings.h"

namespace fairlead::cli::simulation {

// How well the model meets what the log measured, with the pool as it is.
struct Calibration {
  double measured_p50 = 0;  // seconds
  double measured_p99 = 0;
  double simulated_p50 = 0;
  double simulated_p99 = 0;

  // The greater of both errors, as a share of what was measured.
  double error() const;
  bool is_good() const;
};

struct Study {
  std::string pool;
  std::string file;  // of the configuration; empty: none
  std::string log_file;
  simulate::Plan plan;
  // What nobody said, and we assumed.
  bool assumed_rate = false;
  bool assumed_service = false;
  bool assumed_concurrency = false;
  // Without `max_inflight` it would send everything to one server, and was left out.
  bool left_out_first = false;
  std::vector<simulate::CaseResult> results;
  std::optional<Calibration> calibration;
  // The index of a row of `results` (see simulate::rows_of); none where the model is too far from the log.
  std::optional<std::size_t> recommended;
  std::optional<simulate::Capacity> capacity;  // of the recommended row, where it is about servers that die
};

// Sentences on what is behind the numbers, and the command or edit that follows from them.
struct Advice {
  std::vector<std::string> why;
  std::string next;  // empty: nothing
};
Advice advice_of(const Study& study);

// `1.24 s`, `49 ms`, `0.4 ms`.
std::string time_text(double seconds);
// `0.02%`, `62%`.
std::string share_text(double share);
// `normal`, `one of them dies`, `3 turn 10 times slower`.
std::string scenario_text(const simulate::Scenario& scenario);
// One word: `normal`, `dies`, `hangs`, `slows`, `surge`.
std::string_view scenario_word(simulate::Trouble trouble);
// As in a configuration.
std::string_view algorithm_name(pool::Algorithm algorithm);

// For people. Not wider than `columns`, as far as words allow. `ascii`: no characters beyond ASCII.
std::string text_report(const Study& study, std::size_t columns, bool ascii);
// One document with every run.
std::string json_report(const Study& study);

}  // namespace fairlead::cli::simulation
