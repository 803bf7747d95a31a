// `fairlead simulate --json`: one document with every number and every run.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/simulate/study.h"
#include "telemetry/json_text.h"

namespace fairlead::cli::simulation {
namespace {

using simulate::ArrivalProcess;
using simulate::CaseResult;
using simulate::RunResult;
using simulate::Standing;

std::string quoted(std::string_view text) {
  std::string json;
  telemetry::append_json_string(json, text);
  return json;
}

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

std::string_view process_word(ArrivalProcess process) {
  switch (process) {
    case ArrivalProcess::poisson:
      return "poisson";
    case ArrivalProcess::even:
      return "even";
    case ArrivalProcess::bursty:
      return "bursty";
    case ArrivalProcess::recorded:
      return "recorded";
  }
  return {};
}

std::string traffic_object(const Study& study) {
  const simulate::Traffic& traffic = study.plan.traffic;
  const std::string log = study.log_file.empty() ? "null" : quoted(study.log_file);
  return fmt::format(R"({{"arrivals":"{}","per_second":{:g},"log":{},"assumed":{}}})", process_word(traffic.process),
                     traffic.per_second, log, study.assumed_rate);
}

std::string service_object(const Study& study) {
  const simulate::ServiceTime& service = study.plan.traffic.service;
  const std::string mean =
      fmt::format(R"("mean_ms":{:g},"assumed":{})", milliseconds(service.mean()), study.assumed_service);
  if (!service.samples.empty()) return fmt::format(R"({{"samples":{},{}}})", service.samples.size(), mean);
  return fmt::format(R"({{"p50_ms":{:g},"p99_ms":{:g},"slow_share":{:g},"slow_ms":{:g},{}}})",
                     milliseconds(service.median), milliseconds(service.p99), service.slow_share,
                     milliseconds(service.slow), mean);
}

std::string standing_object(const Standing& standing) {
  return fmt::format(R"({{"mean":{:.3f},"plus_minus":{:.3f},"best":{},"same":{}}})", standing.value.mean * 1000,
                     standing.value.plus_minus * 1000, standing.is_best, standing.is_same);
}

std::string run_object(const RunResult& run, std::size_t number) {
  return fmt::format(
      R"({{"run":{},"requests":{},"failed":{},"retries":{},"p50_ms":{:.3f},"p99_ms":{:.3f},"p999_ms":{:.3f},"busy":{:.4f}}})",
      number, run.requests, run.failed, run.retries, run.p50 * 1000, run.p99 * 1000, run.p999 * 1000, run.busy);
}

std::string runs_list(const CaseResult& result) {
  std::vector<std::string> runs;
  for (const RunResult& run : result.runs) runs.push_back(run_object(run, runs.size()));
  return fmt::format("[{}]", fmt::join(runs, ","));
}

std::string results_list(const Study& study) {
  const auto p50 = simulate::standings(study.results, &RunResult::p50);
  const auto p99 = simulate::standings(study.results, &RunResult::p99);
  const auto p999 = simulate::standings(study.results, &RunResult::p999);
  std::vector<std::string> list;
  for (std::size_t index = 0; index < study.results.size(); ++index) {
    const CaseResult& result = study.results[index];
    const simulate::Scenario& scenario = result.what.scenario;
    list.push_back(fmt::format(
        R"({{"servers":{},"algorithm":"{}","scenario":"{}","struck":{},"factor":{:g},"at_s":{:g},"p50_ms":{},)"
        R"("p99_ms":{},"p999_ms":{},"failed_share":{:.6f},"busy":{:.4f},"runs":{}}})",
        result.what.servers, algorithm_name(result.what.algorithm), scenario_word(scenario.trouble), scenario.servers,
        scenario.factor, milliseconds(scenario.at) / 1000, standing_object(p50[index]), standing_object(p99[index]),
        standing_object(p999[index]), result.failed_share(), simulate::estimate(result.all(&RunResult::busy)).mean,
        runs_list(result)));
  }
  return fmt::format("[{}]", fmt::join(list, ","));
}

std::string recommended_object(const Study& study) {
  if (!study.recommended) return "null";
  const simulate::Case& what = simulate::rows_of(study.results)[*study.recommended].front()->what;
  return fmt::format(R"({{"servers":{},"algorithm":"{}"}})", what.servers, algorithm_name(what.algorithm));
}

std::string capacity_object(const Study& study) {
  if (!study.capacity) return "null";
  const auto& enough = study.capacity->enough_servers;
  return fmt::format(R"({{"may_die":{},"enough_servers":{}}})", study.capacity->may_die,
                     enough ? std::to_string(*enough) : "null");
}

std::string calibration_object(const Study& study) {
  if (!study.calibration) return "null";
  const Calibration& calibration = *study.calibration;
  return fmt::format(
      R"({{"measured_p50_ms":{:.3f},"measured_p99_ms":{:.3f},"simulated_p50_ms":{:.3f},"simulated_p99_ms":{:.3f},)"
      R"("error":{:.4f},"good":{}}})",
      calibration.measured_p50 * 1000, calibration.measured_p99 * 1000, calibration.simulated_p50 * 1000,
      calibration.simulated_p99 * 1000, calibration.error(), calibration.is_good());
}

}  // namespace

std::string json_report(const Study& study) {
  const Advice advice = advice_of(study);
  std::vector<std::string> why;
  for (const std::string& sentence : advice.why) why.push_back(quoted(sentence));
  const simulate::Plan& plan = study.plan;
  return fmt::format(
      R"({{"schema":"fairlead.simulate/v1","pool":{},"config":{},"algorithm":"{}","runs":{},"seed":{},"window_s":{:g},)"
      R"("traffic":{},"service_time":{},"concurrency":{},"results":{},"recommended":{},"capacity":{},)"
      R"("calibration":{},"why":[{}],"next":{}}})"
      "\n",
      quoted(study.pool), study.file.empty() ? "null" : quoted(study.file), algorithm_name(plan.options.algorithm),
      plan.runs, plan.seed, milliseconds(plan.window) / 1000, traffic_object(study), service_object(study),
      plan.concurrency, results_list(study), recommended_object(study), capacity_object(study),
      calibration_object(study), fmt::join(why, ","), advice.next.empty() ? "null" : quoted(advice.next));
}

}  // namespace fairlead::cli::simulation
