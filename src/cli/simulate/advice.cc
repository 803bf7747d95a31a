// What the numbers of a study mean, in sentences.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "cli/simulate/study.h"

namespace fairlead::cli::simulation {
namespace {

using simulate::CaseResult;
using simulate::Row;
using simulate::RunResult;
using simulate::Scenario;
using simulate::Trouble;

double mean(const CaseResult& result, double RunResult::* figure) {
  return simulate::estimate(result.all(figure)).mean;
}

std::string p99_text(const CaseResult& result) { return time_text(mean(result, &RunResult::p99)); }

// `In normal times`, `When one of 3 servers dies`.
std::string when(const simulate::Case& what) {
  const Scenario& scenario = what.scenario;
  const std::string who =
      fmt::format("{} of {} servers", scenario.servers == 1 ? "one" : std::to_string(scenario.servers), what.servers);
  const bool is_one = scenario.servers == 1;
  switch (scenario.trouble) {
    case Trouble::none:
      return "In normal times";
    case Trouble::dies:
      return fmt::format("When {} {}", who, is_one ? "dies" : "die");
    case Trouble::hangs:
      return fmt::format("When {} {}", who, is_one ? "hangs" : "hang");
    case Trouble::slows:
      return fmt::format("When {} {} {:g} times slower", who, is_one ? "turns" : "turn", scenario.factor);
    case Trouble::surge:
      return fmt::format("At {:g} times the traffic", scenario.factor);
  }
  return {};
}

std::string failures(const CaseResult& result) {
  double failed = 0;
  for (const RunResult& run : result.runs) failed += static_cast<double>(run.failed);
  if (failed == 0) return "no request fails";
  const double per_run = failed / static_cast<double>(result.runs.size());
  if (per_run < 1) return fmt::format("one request fails in {:.0f} such events", 1 / per_run);
  return fmt::format("{:.0f} request{} fail{} ({})", per_run, per_run < 1.5 ? "" : "s", per_run < 1.5 ? "s" : "",
                     share_text(result.failed_share()));
}

// What a trouble costs, against normal times.
std::string cost_sentence(const CaseResult& normal, const CaseResult& troubled) {
  const auto change = [&](std::string_view name, double RunResult::* figure) {
    const std::string before = time_text(mean(normal, figure));
    const std::string after = time_text(mean(troubled, figure));
    return before == after ? fmt::format("{} stays at {}", name, after)
                           : fmt::format("{} goes from {} to {}", name, before, after);
  };
  const double busy = mean(troubled, &RunResult::busy);
  const Trouble trouble = troubled.what.scenario.trouble;
  const std::string who = trouble == Trouble::dies || trouble == Trouble::hangs ? "the others are" : "servers are";
  constexpr double kTooBusy = 0.95;
  const std::string load =
      troubled.what.scenario.servers >= troubled.what.servers
          ? ""
          : fmt::format("{} {:.0f}% busy{}, ", who, 100 * busy, busy > kTooBusy ? " and cannot keep up" : "");
  return fmt::format("{}, {}{}, {}, and {}.", when(troubled.what), load, change("p50", &RunResult::p50),
                     change("p99", &RunResult::p99), failures(troubled));
}

// What the longest times are, where they are cut.
std::string timeout_sentence(const Study& study) {
  const double limit = std::chrono::duration<double>(study.plan.timeouts.first_byte).count();
  const bool is_met = std::ranges::any_of(study.results, [&](const CaseResult& result) {
    constexpr double kNearly = 0.999;
    return result.failed_share() > 0 && mean(result, &RunResult::p99) >= kNearly * limit;
  });
  return is_met ? fmt::format("Where p99 is {}, requests have run into `timeouts.first_byte`.", time_text(limit)) : "";
}

// Which of the results fails the fewest requests, where p99 does not tell them apart.
std::string failure_sentence(const std::vector<const CaseResult*>& results) {
  const auto [fewest, most] = std::ranges::minmax_element(results, {}, &CaseResult::failed_share);
  constexpr double kWorthTelling = 0.01;
  if ((*most)->failed_share() - (*fewest)->failed_share() < kWorthTelling) return {};
  return fmt::format(
      "{}, p99 does not tell the algorithms apart, but {} fails the fewest requests, {}; {} the most, {}.",
      when((*fewest)->what), algorithm_name((*fewest)->what.algorithm), share_text((*fewest)->failed_share()),
      algorithm_name((*most)->what.algorithm), share_text((*most)->failed_share()));
}

// Which algorithm has the lowest p99 in a scenario, and whether that is more than noise.
std::string algorithm_sentence(const Study& study, std::uint32_t servers, const Scenario& scenario) {
  const auto standings = simulate::standings(study.results, &RunResult::p99);
  const CaseResult* best = nullptr;
  const CaseResult* worst = nullptr;
  std::size_t as_good = 0;
  std::vector<const CaseResult*> rows;
  for (std::size_t index = 0; index < study.results.size(); ++index) {
    const CaseResult& result = study.results[index];
    if (result.what.servers != servers || result.what.scenario != scenario) continue;
    rows.push_back(&result);
    if (standings[index].is_best) best = &result;
    if (standings[index].is_best || standings[index].is_same) {
      ++as_good;
    } else if (worst == nullptr || mean(result, &RunResult::p99) > mean(*worst, &RunResult::p99)) {
      worst = &result;
    }
  }
  if (rows.size() < 2 || best == nullptr) return {};
  if (worst == nullptr) {
    const std::string sentence = failure_sentence(rows);
    return sentence.empty() ? fmt::format("{}, the algorithm makes no difference beyond noise.", when(best->what))
                            : sentence;
  }
  const std::string others =
      as_good == 1 ? ""
                   : fmt::format(" ({} not worse beyond noise)",
                                 as_good == 2 ? "one other is" : std::to_string(as_good - 1) + " others are");
  return fmt::format("{}, {} has the lowest p99, {}{}; {} has the highest, {}.", when(best->what),
                     algorithm_name(best->what.algorithm), p99_text(*best), others,
                     algorithm_name(worst->what.algorithm), p99_text(*worst));
}

std::string capacity_sentence(const Study& study, std::uint32_t servers) {
  if (!study.capacity) return {};
  const simulate::Capacity& capacity = *study.capacity;
  constexpr std::string_view kLimit = "p99 doubles or one request in a hundred fails";
  if (capacity.may_die > 0)
    return fmt::format("{} of {} servers may die before {}.", capacity.may_die, servers, kLimit);
  if (capacity.enough_servers)
    return fmt::format("The first death is too much ({}); with {} servers it would not be.", kLimit,
                       *capacity.enough_servers);
  return fmt::format("The first death is too much ({}), and a few more servers would not change that.", kLimit);
}

std::string calibration_sentence(const Study& study) {
  if (!study.calibration)
    return "Not calibrated: nothing was measured. A log of yours would do that: --traffic log:FILE.";
  const Calibration& calibration = *study.calibration;
  const std::string numbers = fmt::format("p50 {} simulated and {} measured, p99 {} and {}",
                                          time_text(calibration.simulated_p50), time_text(calibration.measured_p50),
                                          time_text(calibration.simulated_p99), time_text(calibration.measured_p99));
  if (calibration.is_good()) return fmt::format("Calibrated against the log: {}.", numbers);
  return fmt::format(
      "Nothing is recommended: the model is {:.0f}% off the log ({}). Try another --concurrency, or a shorter log in "
      "which the load is about even.",
      100 * calibration.error(), numbers);
}

std::string next_step(const Study& study, const simulate::Case& what) {
  if (study.calibration && !study.calibration->is_good()) return {};
  const pool::Algorithm configured = study.plan.options.algorithm;
  const bool is_compared =
      std::ranges::any_of(study.results, [&](const CaseResult& result) { return result.what.algorithm == configured; });
  if (what.algorithm != configured && is_compared && !study.file.empty())
    return fmt::format("set `algorithm: {}` in pool {}, then fairlead check", algorithm_name(what.algorithm),
                       study.pool);
  if (study.capacity && study.capacity->may_die == 0 && study.capacity->enough_servers) {
    return fmt::format("fairlead simulate --servers {}..{} compares the sizes", what.servers,
                       *study.capacity->enough_servers);
  }
  return {};
}

}  // namespace

Advice advice_of(const Study& study) {
  Advice advice;
  const auto add = [&](std::string sentence) {
    if (!sentence.empty()) advice.why.push_back(std::move(sentence));
  };
  const std::vector<Row> rows = simulate::rows_of(study.results);
  // Where nothing is recommended, the sentences are about the pool as it is.
  std::size_t shown = 0;
  for (std::size_t index = 0; index < rows.size(); ++index)
    if (rows[index].front()->what.algorithm == study.plan.options.algorithm) shown = index;
  const Row& row = rows[study.recommended.value_or(shown)];
  const simulate::Case& what = row.front()->what;
  const CaseResult& normal = *row.front();

  bool is_first = true;
  for (const CaseResult* troubled : row) {
    if (troubled == &normal) continue;
    std::string sentence = cost_sentence(normal, *troubled);
    // The sentences after it are about the same algorithm.
    if (std::exchange(is_first, false)) {
      sentence.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence.front())));
      sentence = fmt::format("With {}, {}", algorithm_name(what.algorithm), sentence);
    }
    add(std::move(sentence));
  }
  add(timeout_sentence(study));
  add(capacity_sentence(study, what.servers));
  for (const CaseResult* result : row) add(algorithm_sentence(study, what.servers, result->what.scenario));
  if (study.recommended && what.algorithm == study.plan.options.algorithm)
    add(fmt::format("Your `algorithm: {}` is as good as any here.", algorithm_name(what.algorithm)));
  if (study.left_out_first) add("`first` was left out: it needs `max_inflight`, or it sends everything to one server.");
  add(calibration_sentence(study));
  add("Not modelled: what servers share (a database), the network, clients that leave, other methods than GET, "
      "hedging.");
  advice.next = next_step(study, what);
  return advice;
}

}  // namespace fairlead::cli::simulation
