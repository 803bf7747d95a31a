#include "cli/simulate/simulate_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <ostream>
#include <ranges>
#include <utility>

#include "app/config_loader.h"
#include "cli/simulate/study.h"
#include "config/diagnostic_format.h"
#include "simulate/access_log.h"

namespace fairlead::cli::simulation {
namespace {

using namespace std::chrono_literals;
using simulate::CaseResult;
using simulate::RunResult;

// An application with a few slow pages; and a server with a few processes or threads.
const simulate::ServiceTime kUsualService{.median = 50ms, .p99 = 500ms};
constexpr std::uint32_t kUsualConcurrency = 4;
// So many requests in each run, but no longer and no shorter than these.
constexpr double kRequestsPerRun = 10'000;
constexpr Duration kShortest = 30s;
constexpr Duration kLongest = 10min;

// Why the command ends before it has begun, for a person.
struct Refusal {
  int code;
  std::string text;
};
template <typename T>
using Read = std::expected<T, Refusal>;

std::unexpected<Refusal> refuse(int code, const std::string& why) {
  return std::unexpected(Refusal{code, fmt::format("error: {}\n", why)});
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Two digits are enough for what is assumed anyway.
double rounded(double number) {
  const double unit = std::pow(10, std::floor(std::log10(number)) - 1);
  return std::round(number / unit) * unit;
}

Read<std::string> choose_pool(const app::Options& options, const SimulateFlags& flags) {
  std::vector<std::string> names;
  for (const auto& [name, pool] : options.pools)
    if (!pool.servers.empty()) names.push_back(name);
  if (names.empty()) return refuse(kBadCommandLine, fmt::format("{} has no pool with servers", flags.config));
  if (flags.pool.empty() && names.size() == 1) return names.front();
  if (flags.pool.empty())
    return refuse(kBadCommandLine, fmt::format("{} has several pools. Choose one with --pool: {}", flags.config,
                                               fmt::join(names, ", ")));
  if (std::ranges::find(names, flags.pool) != names.end()) return flags.pool;
  return refuse(kBadCommandLine,
                fmt::format("no pool with servers is called `{}`. There is: {}", flags.pool, fmt::join(names, ", ")));
}

// The pool of the configuration, with the retries and timeouts of the first route that leads to it.
Read<Study> load_pool(const SimulateFlags& flags, const config::Environment& environment, const Output& output) {
  Study study;
  study.pool = "web";
  if (flags.config.empty()) {
    if (flags.servers.empty())
      return refuse(
          kBadCommandLine,
          "no fairlead.yaml here. Name a file with -c, or say how many servers: fairlead simulate --servers 3");
    if (!flags.pool.empty()) return refuse(kBadCommandLine, "--pool needs a configuration: -c FILE");
    study.plan.options.servers.resize(1);
    return study;
  }
  app::LoadResult loaded = app::load_file(flags.config, environment);
  if (!loaded) {
    return std::unexpected(Refusal{
        kInvalidConfig, output.quiet
                            ? config::format_lines(loaded.error())
                            : fmt::format("{}{}. Nothing was simulated.\n", config::format_human(loaded.error(), false),
                                          config::count_text(config::count(loaded.error())))});
  }
  Read<std::string> name = choose_pool(loaded->options, flags);
  if (!name) return std::unexpected(std::move(name.error()));
  study.file = flags.config;
  study.pool = *name;
  study.plan.options = loaded->options.pools.at(*name);
  study.plan.zone = loaded->options.zone;
  const auto route = std::ranges::find(loaded->options.routes, *name, &proxy::RouteOptions::to);
  if (route != loaded->options.routes.end()) {
    study.plan.retry = route->retry;
    study.plan.timeouts = route->timeouts;
  }
  return study;
}

Read<simulate::AccessLog> load_log(const std::string& file, const std::string& pool, Output& output) {
  std::ifstream in(file);
  if (!in) return refuse(kFailed, fmt::format("{} cannot be read", file));
  simulate::AccessLog log = simulate::read_access_log(in, pool);
  if (in.bad()) return refuse(kFailed, fmt::format("{} cannot be read", file));
  const std::string unread = log.unread == 0
                                 ? ""
                                 : fmt::format("{} of {} lines are not of our JSON access log (the first: line {}, {})",
                                               log.unread, log.lines, log.first_unread, log.first_fault);
  if (log.unread * 2 > log.lines) return refuse(kFailed, fmt::format("{}: {}", file, unread));
  if (!unread.empty() && !output.quiet) output.err << fmt::format("note: {}: {}; passed over\n", file, unread);
  if (log.is_cut && !output.quiet)
    output.err << fmt::format("note: {}: only the first {} requests are used\n", file, log.took.size());
  constexpr std::size_t kFewest = 100;
  if (log.arrivals.size() < kFewest || log.service_times.empty() || log.per_second() == 0) {
    const std::string others =
        log.other_pools.empty() ? "" : fmt::format(". There are requests to {}", fmt::join(log.other_pools, ", "));
    return refuse(kFailed, fmt::format("{} has {} requests to pool {}, too few to go by: it takes {} over some time{}",
                                       file, log.arrivals.size(), pool, kFewest, others));
  }
  return log;
}

// What nobody said is taken from the log, or assumed.
void complete_plan(Study& study, const Settings& settings, const simulate::AccessLog* log) {
  simulate::Plan& plan = study.plan;
  simulate::Traffic& traffic = plan.traffic;
  traffic.process = settings.process;
  if (settings.service) {
    traffic.service = *settings.service;
  } else if (log != nullptr) {
    traffic.service.samples = log->service_times;
  } else {
    traffic.service = kUsualService;
    study.assumed_service = true;
  }
  double weight = 0;  // in servers of the usual weight
  for (const pool::ServerOptions& server : plan.options.servers) weight += server.backup ? 0 : server.weight / 100.0;
  const double work = seconds(traffic.service.mean());
  study.assumed_concurrency = !settings.concurrency;
  plan.concurrency = settings.concurrency.value_or(kUsualConcurrency);
  if (log != nullptr) {
    traffic.recorded = log->arrivals;
    traffic.per_second = log->per_second();
    // The servers did it, so that they are not much more than half busy.
    const double at_once = std::ceil(2 * traffic.per_second * work / std::max(weight, 0.01));
    if (!settings.concurrency) plan.concurrency = std::max(kUsualConcurrency, static_cast<std::uint32_t>(at_once));
  } else if (settings.per_second) {
    traffic.per_second = *settings.per_second;
  } else {
    study.assumed_rate = true;
    traffic.per_second = rounded(std::max(weight, 1.0) * plan.concurrency / work / 2);
  }
  plan.window = settings.window.value_or(std::clamp(
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(kRequestsPerRun / traffic.per_second)),
      kShortest, kLongest));
  plan.runs = settings.runs;
  plan.seed = settings.seed;
}

bool has_limits(const pool::PoolOptions& options) {
  return options.limits.max_inflight ||
         std::ranges::any_of(options.servers, [](const auto& server) { return server.max_inflight.has_value(); });
}

// Without limits `first` fills one server for ever, which would only blur the comparison of the others.
void leave_out_first(Study& study, Settings& settings) {
  const pool::PoolOptions& options = study.plan.options;
  if (!settings.wants_all_algorithms || options.algorithm == pool::Algorithm::first || has_limits(options)) return;
  study.left_out_first = std::erase(settings.algorithms, pool::Algorithm::first) > 0;
}

std::vector<simulate::Case> cases_of(const Settings& settings, std::uint32_t configured) {
  std::vector<std::uint32_t> counts = settings.servers;
  if (counts.empty()) counts.push_back(configured);
  std::vector<simulate::Case> cases;
  for (const std::uint32_t servers : counts)
    for (const pool::Algorithm algorithm : settings.algorithms)
      for (const simulate::Scenario& scenario : settings.scenarios)
        cases.push_back({.servers = servers, .algorithm = algorithm, .scenario = scenario});
  return cases;
}

Calibration calibrate(const Study& study, const simulate::AccessLog& log) {
  const simulate::Case as_it_is{.servers = static_cast<std::uint32_t>(study.plan.options.servers.size()),
                                .algorithm = study.plan.options.algorithm,
                                .scenario = {.at = 10s}};
  const std::vector<CaseResult> results = simulate::run_cases(study.plan, {as_it_is}, [](double) {});
  return {.measured_p50 = seconds(log.percentile(0.5)),
          .measured_p99 = seconds(log.percentile(0.99)),
          .simulated_p50 = simulate::estimate(results.front().all(&RunResult::p50)).mean,
          .simulated_p99 = simulate::estimate(results.front().all(&RunResult::p99)).mean};
}

void investigate(Study& study, const Settings& settings, const simulate::AccessLog* log,
                 const std::function<void(double)>& progress) {
  simulate::Plan& plan = study.plan;
  if (log != nullptr) study.calibration = calibrate(study, *log);
  study.results =
      simulate::run_cases(plan, cases_of(settings, static_cast<std::uint32_t>(plan.options.servers.size())), progress);
  if (study.calibration && !study.calibration->is_good()) return;
  study.recommended = simulate::recommended(study.results, plan.options.algorithm);
  const auto row = simulate::rows_of(study.results)[*study.recommended];
  const auto death = std::ranges::find_if(
      row, [](const CaseResult* result) { return result->what.scenario.trouble == simulate::Trouble::dies; });
  if (death != row.end() && row.front()->what.servers > 1)
    study.capacity = simulate::find_capacity(plan, (*death)->what, progress);
}

}  // namespace

int simulate_command(const SimulateFlags& flags, const config::Environment& environment, std::size_t columns,
                     Output& output) {
  auto settings = read_flags(flags);
  if (!settings) {
    output.err << "error: " << settings.error() << '\n';
    return kBadCommandLine;
  }
  Read<Study> study = load_pool(flags, environment, output);
  if (!study) {
    output.err << study.error().text;
    return study.error().code;
  }
  std::optional<simulate::AccessLog> log;
  if (!settings->log_file.empty()) {
    auto read = load_log(settings->log_file, study->pool, output);
    if (!read) {
      output.err << read.error().text;
      return read.error().code;
    }
    log = std::move(*read);
    study->log_file = settings->log_file;
  }
  if (study->file.empty()) study->plan.options = simulate::with_servers(study->plan.options, settings->servers.front());
  complete_plan(*study, *settings, log ? &*log : nullptr);
  leave_out_first(*study, *settings);
  investigate(*study, *settings, log ? &*log : nullptr, [&](double share) {
    if (!output.quiet) output.err << fmt::format("{:.0f}% of the runs are done\n", 100 * share) << std::flush;
  });
  output.out << (flags.json ? json_report(*study) : text_report(*study, columns, output.ascii));
  return kDone;
}

}  // namespace fairlead::cli::simulation
