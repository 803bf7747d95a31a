#include "simulate/experiment.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include "simulate/server_farm.h"

namespace fairlead::simulate {
namespace {

// How often `progress` is called.
constexpr auto kPatience = std::chrono::seconds(2);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// The largest first, backups never: what hurts most.
std::vector<std::size_t> struck(const pool::PoolOptions& options, std::uint32_t count) {
  std::vector<std::size_t> servers;
  for (std::size_t index = 0; index < options.servers.size(); ++index)
    if (!options.servers[index].backup) servers.push_back(index);
  std::ranges::sort(servers, [&](std::size_t left, std::size_t right) {
    const std::uint32_t heavier = options.servers[left].weight;
    const std::uint32_t lighter = options.servers[right].weight;
    return heavier != lighter ? heavier > lighter : left < right;
  });
  servers.resize(std::min<std::size_t>(count, servers.size()));
  return servers;
}

std::vector<Fault> faults_of(const Scenario& scenario, const pool::PoolOptions& options) {
  std::vector<Fault> faults;
  if (scenario.trouble == Trouble::none || scenario.trouble == Trouble::surge) return faults;
  const FaultKind kind = scenario.trouble == Trouble::dies    ? FaultKind::dies
                         : scenario.trouble == Trouble::hangs ? FaultKind::hangs
                                                              : FaultKind::slows;
  for (const std::size_t server : struck(options, scenario.servers))
    faults.push_back({.kind = kind, .server = server, .at = scenario.at, .factor = scenario.factor});
  return faults;
}

// Hands the runs out to threads, one by one, and counts those that have ended.
class Crew {
 public:
  Crew(const Plan& plan, const std::vector<Case>& cases, std::vector<CaseResult>& results)
      : plan_(plan), cases_(cases), results_(results), total_(cases.size() * plan.runs) {}

  void work() {
    for (std::size_t job = next_++; job < total_; job = next_++) {
      const std::size_t which = job / plan_.runs;
      const std::size_t run = job % plan_.runs;
      results_[which].runs[run] = run_case(plan_, cases_[which], static_cast<std::uint32_t>(run));
      const std::scoped_lock lock(mutex_);
      if (++done_ == total_) ended_.notify_one();
    }
  }

  void wait(const std::function<void(double)>& progress) {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kPatience, [&] { return done_ == total_; }))
      progress(static_cast<double>(done_) / static_cast<double>(total_));
  }

 private:
  const Plan& plan_;
  const std::vector<Case>& cases_;
  std::vector<CaseResult>& results_;
  std::size_t total_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t done_ = 0;
};

}  // namespace

std::vector<double> CaseResult::all(double RunResult::* figure) const {
  std::vector<double> values;
  for (const RunResult& run : runs) values.push_back(run.*figure);
  return values;
}

double CaseResult::failed_share() const {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;
  for (const RunResult& run : runs) {
    requests += run.requests;
    failed += run.failed;
  }
  return requests == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(requests);
}

pool::PoolOptions with_servers(const pool::PoolOptions& options, std::uint32_t servers) {
  pool::PoolOptions sized = options;
  const auto model = std::ranges::find(options.servers, false, &pool::ServerOptions::backup);
  const pool::ServerOptions copied = model == options.servers.end() ? options.servers.front() : *model;
  while (sized.servers.size() < servers) {
    sized.servers.push_back(copied);
    sized.servers.back().name = "added " + std::to_string(sized.servers.size());
  }
  sized.servers.resize(servers);
  return sized;
}

std::uint32_t slots_of(const pool::ServerOptions& server, std::uint32_t concurrency) {
  constexpr double kUsualWeight = 100;
  const double slots = std::round(concurrency * server.weight / kUsualWeight);
  return std::max(1U, static_cast<std::uint32_t>(slots));
}

RunResult run_case(const Plan& plan, const Case& what, std::uint32_t number) {
  LoadModel model{.options = with_servers(plan.options, what.servers),
                  .zone = plan.zone,
                  .retry = plan.retry,
                  .timeouts = plan.timeouts,
                  .traffic = plan.traffic,
                  .measured = {.from = what.scenario.at, .until = what.scenario.at + plan.window},
                  .seed = Random(plan.seed + number).next()};
  model.options.algorithm = what.algorithm;
  if (what.scenario.trouble == Trouble::surge) {
    model.traffic.surge_factor = what.scenario.factor;
    model.traffic.surge_at = what.scenario.at;
  }
  std::vector<std::uint32_t> slots;
  for (const pool::ServerOptions& server : model.options.servers) slots.push_back(slots_of(server, plan.concurrency));
  ServerFarm farm(slots, faults_of(what.scenario, model.options), model.measured);
  const LoadOutcome outcome = run(model, farm);
  return {.requests = outcome.requests,
          .failed = outcome.failed,
          .retries = outcome.retries,
          .p50 = seconds(outcome.percentile(0.5)),
          .p99 = seconds(outcome.percentile(0.99)),
          .p999 = seconds(outcome.percentile(0.999)),
          .busy = farm.busy()};
}

std::vector<CaseResult> run_cases(const Plan& plan, const std::vector<Case>& cases,
                                  const std::function<void(double)>& progress) {
  std::vector<CaseResult> results;
  for (const Case& what : cases) results.push_back({.what = what, .runs = std::vector<RunResult>(plan.runs)});
  Crew crew(plan, cases, results);
  std::vector<std::jthread> threads;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t thread = 0; thread < std::min(cores, cases.size() * plan.runs); ++thread)
    threads.emplace_back([&crew] { crew.work(); });
  if (!cases.empty()) crew.wait(progress);
  return results;
}

}  // namespace fairlead::simulate
