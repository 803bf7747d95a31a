#include "cli/simulate/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <utility>

#include "config/report.h"
#include "config/scalar.h"
#include "pool/balancers/catalog.h"

namespace fairlead::cli::simulation {
namespace {

using namespace std::chrono_literals;
using simulate::Scenario;
using simulate::Trouble;
template <typename T>
using Read = std::expected<T, std::string>;
using Wrong = std::unexpected<std::string>;

// Long enough for a pool to settle.
constexpr Duration kTroubleAt = 10s;
constexpr double kUsualSlowness = 10;
constexpr std::uint32_t kMostServers = 1000;
constexpr std::uint32_t kFewestRuns = 20;

// All of `text`.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <typename Number>
Read<Number> number_between(std::string_view flag, std::string_view text, Number low, Number high) {
  const auto number = parse_number<Number>(text);
  if (!number || *number < low || *number > high)
    return Wrong(fmt::format("{} takes a whole number from {} to {}, not `{}`", flag, low, high, text));
  return *number;
}

// `text` up to the first `mark`, and what follows it; the second is empty where there is none.
std::pair<std::string_view, std::string_view> split_at(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::string not_yet(std::string_view what) {
  return fmt::format(
      "`{}` is not in this version yet: it has to ask a running Fairlead. Give its access log instead: "
      "--traffic log:FILE",
      what);
}

// `75/s`, `600/m`.
std::optional<double> parse_rate(std::string_view text) {
  const auto [count, unit] = split_at(text, '/');
  const auto number = parse_number<double>(count);
  if (!number || (unit != "s" && unit != "m")) return std::nullopt;
  const double per_second = unit == "s" ? *number : *number / 60;
  constexpr double kLow = 0.01;
  constexpr double kHigh = 1e6;
  // Also false for what is not a number.
  if (!(per_second >= kLow && per_second <= kHigh)) return std::nullopt;
  return per_second;
}

std::string read_traffic(const std::string& text, Settings& settings) {
  if (text.empty()) return {};
  const auto [kind, value] = split_at(text, ':');
  if (kind == "live") return not_yet("--traffic " + text);
  if (kind == "log" && !value.empty()) {
    settings.log_file = value;
    return {};
  }
  if (kind == "synthetic") {
    settings.per_second = parse_rate(value);
    if (settings.per_second) return {};
    return fmt::format(
        "--traffic synthetic takes a rate from 0.01/s to 1000000/s, like `synthetic:75/s` or "
        "`synthetic:600/m`, not `{}`",
        value);
  }
  return fmt::format("--traffic takes `synthetic:75/s` or `log:FILE`, not `{}`", text);
}

// `p50=42ms,p99=1.2s,slow=8%:700ms`, or one duration for all.
Read<simulate::ServiceTime> parse_service(std::string_view text) {
  const Wrong wrong(
      fmt::format("--service-time takes `42ms` or `p50=42ms,p99=1.2s`, perhaps with `,slow=8%:700ms`, not `{}`", text));
  simulate::ServiceTime service;
  if (const auto fixed = parse_time(text)) {
    service.median = service.p99 = *fixed;
    return service;
  }
  for (const auto part : std::views::split(text, ',')) {
    const auto [name, value] = split_at(std::string_view(part.begin(), part.end()), '=');
    const auto [share, slow] = split_at(value, ':');
    const auto time = parse_time(name == "slow" ? slow : value);
    if (!time) return wrong;
    if (name == "p50") {
      service.median = *time;
    } else if (name == "p99") {
      service.p99 = *time;
    } else if (name == "slow") {
      const auto fraction = config::parse_share(share);
      if (!fraction) return wrong;
      service.slow_share = fraction->fraction;
      service.slow = *time;
    } else {
      return wrong;
    }
  }
  if (service.median <= Duration::zero()) return wrong;
  if (service.p99 == Duration::zero()) service.p99 = service.median;
  if (service.p99 < service.median) return Wrong("--service-time: p99 cannot be below p50");
  return service;
}

// `4`, `2..6`.
Read<std::vector<std::uint32_t>> parse_servers(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto low = parse_number<std::uint32_t>(text.substr(0, dots));
  const auto high = dots == std::string_view::npos ? low : parse_number<std::uint32_t>(text.substr(dots + 2));
  constexpr std::uint32_t kMostAtOnce = 20;
  if (!low || !high || *low < 1 || *high < *low || *high > kMostServers)
    return Wrong(
        fmt::format("--servers takes a number or a range, like `4` or `2..6`, up to {}, not `{}`", kMostServers, text));
  if (*high - *low >= kMostAtOnce) return Wrong(fmt::format("--servers compares at most {} numbers", kMostAtOnce));
  std::vector<std::uint32_t> servers;
  for (std::uint32_t count = *low; count <= *high; ++count) servers.push_back(count);
  return servers;
}

Read<std::vector<pool::Algorithm>> parse_algorithms(std::string_view text) {
  std::vector<std::string_view> known;
  for (const pool::BalancerType* type : pool::balancer_catalog()) known.push_back(type->name);
  std::vector<std::string_view> wanted;
  if (text.empty() || text == "all") {
    wanted = known;
  } else {
    for (const auto part : std::views::split(text, ',')) wanted.emplace_back(part.begin(), part.end());
  }
  for (const std::string_view name : wanted) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string near = config::nearest(name, known);
    return Wrong(fmt::format("--algorithms: there is no `{}`. {}", name,
                             near.empty() ? fmt::format("It takes `all` or some of {}", fmt::join(known, ","))
                                          : fmt::format("Did you mean `{}`?", near)));
  }
  // In the order of the catalog, each once.
  std::vector<pool::Algorithm> algorithms;
  for (const pool::BalancerType* type : pool::balancer_catalog())
    if (std::ranges::find(wanted, type->name) != wanted.end()) algorithms.push_back(type->algorithm);
  return algorithms;
}

// `3x`.
std::optional<double> parse_factor(std::string_view text) {
  if (!text.ends_with('x')) return std::nullopt;
  const auto factor = parse_number<double>(text.substr(0, text.size() - 1));
  constexpr double kMost = 1000;
  if (!factor || !(*factor > 1 && *factor <= kMost)) return std::nullopt;
  return factor;
}

struct TroubleFlag {
  std::string_view name;
  Trouble trouble;
  std::string_view example;
};
constexpr TroubleFlag kKill{"--kill", Trouble::dies, "`1` or `1@120s`: how many servers, and when"};
constexpr TroubleFlag kHang{"--hang", Trouble::hangs, "`1` or `1@120s`: how many servers, and when"};
constexpr TroubleFlag kSlow{"--slow", Trouble::slows, "`1`, `1:20x` or `1:20x@60s`: how many servers, how much, when"};
constexpr TroubleFlag kSurge{"--surge", Trouble::surge, "`3x` or `3x@60s`: how much more traffic, and when"};

Read<Scenario> parse_scenario(const TroubleFlag& flag, std::string_view text) {
  const Wrong wrong(fmt::format("{} takes {}; not `{}`", flag.name, flag.example, text));
  Scenario scenario{.trouble = flag.trouble, .at = kTroubleAt};
  const auto [what, when] = split_at(text, '@');
  if (text.contains('@')) {
    const auto at = parse_time(when);
    if (!at || *at > 1h) return wrong;
    scenario.at = *at;
  }
  if (flag.trouble == Trouble::surge) {
    const auto factor = parse_factor(what);
    if (!factor) return wrong;
    scenario.factor = *factor;
    return scenario;
  }
  const auto [count, factor] = split_at(what, ':');
  const auto servers = parse_number<std::uint32_t>(count);
  if (!servers || *servers < 1 || *servers > kMostServers) return wrong;
  scenario.servers = *servers;
  if (flag.trouble == Trouble::slows) scenario.factor = kUsualSlowness;
  if (what.contains(':')) {
    const auto slowness = parse_factor(factor);
    if (flag.trouble != Trouble::slows || !slowness) return wrong;
    scenario.factor = *slowness;
  }
  return scenario;
}

Read<std::vector<Scenario>> read_scenarios(const SimulateFlags& flags) {
  std::vector<Scenario> scenarios{{.at = kTroubleAt}};
  const std::array<std::pair<TroubleFlag, const std::vector<std::string>*>, 4> given{
      {{kKill, &flags.kill}, {kHang, &flags.hang}, {kSlow, &flags.slow}, {kSurge, &flags.surge}}};
  for (const auto& [flag, values] : given) {
    for (const std::string& value : *values) {
      auto scenario = parse_scenario(flag, value);
      if (!scenario) return Wrong(scenario.error());
      scenarios.push_back(*scenario);
    }
  }
  if (scenarios.size() > 1) return scenarios;
  scenarios.push_back({.trouble = Trouble::dies, .servers = 1, .at = kTroubleAt});
  scenarios.push_back({.trouble = Trouble::slows, .servers = 1, .factor = kUsualSlowness, .at = kTroubleAt});
  return scenarios;
}

std::string read_numbers(const SimulateFlags& flags, Settings& settings) {
  constexpr std::uint32_t kMostRuns = 1000;
  if (!flags.runs.empty()) {
    const auto runs = number_between("--runs", flags.runs, kFewestRuns, kMostRuns);
    if (!runs) return runs.error() + ". Fewer runs cannot tell a difference from noise";
    settings.runs = *runs;
  }
  if (!flags.seed.empty()) {
    const auto seed = parse_number<std::uint64_t>(flags.seed);
    if (!seed) return fmt::format("--seed takes a whole number, not `{}`", flags.seed);
    settings.seed = *seed;
  }
  if (flags.concurrency == "live") return not_yet("--concurrency live");
  if (!flags.concurrency.empty()) {
    constexpr std::uint32_t kMostAtOnce = 10'000;
    const auto concurrency = number_between("--concurrency", flags.concurrency, 1U, kMostAtOnce);
    if (!concurrency) return concurrency.error();
    settings.concurrency = *concurrency;
  }
  if (!flags.duration.empty()) {
    settings.window = parse_time(flags.duration);
    if (!settings.window || *settings.window < 1s || *settings.window > 24h)
      return fmt::format("--duration takes a time from 1s to 24h, not `{}`", flags.duration);
  }
  return {};
}

}  // namespace

std::optional<Duration> parse_time(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Duration>, 5> kUnits{
      {{"us", 1us}, {"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_number<double>(text.substr(0, digits));
  const auto unit = std::ranges::find(kUnits, text.substr(digits), &std::pair<std::string_view, Duration>::first);
  if (!number || unit == kUnits.end()) return std::nullopt;
  const double nanoseconds = *number * static_cast<double>(unit->second.count());
  constexpr Duration kLongest = 24h;
  if (nanoseconds > static_cast<double>(kLongest.count())) return std::nullopt;
  return Duration(static_cast<Duration::rep>(nanoseconds));
}

std::expected<Settings, std::string> read_flags(const SimulateFlags& flags) {
  Settings settings;
  if (std::string fault = read_traffic(flags.traffic, settings); !fault.empty()) return Wrong(std::move(fault));
  const bool has_log = !settings.log_file.empty();
  if (!flags.arrivals.empty()) {
    if (has_log) return Wrong("--arrivals is for synthetic traffic; a log has its own");
    settings.process = flags.arrivals == "even"     ? simulate::ArrivalProcess::even
                       : flags.arrivals == "bursty" ? simulate::ArrivalProcess::bursty
                                                    : simulate::ArrivalProcess::poisson;
  }
  if (has_log) settings.process = simulate::ArrivalProcess::recorded;
  if (flags.service_time == "live") return Wrong(not_yet("--service-time live"));
  if (!flags.service_time.empty()) {
    auto service = parse_service(flags.service_time);
    if (!service) return Wrong(std::move(service.error()));
    settings.service = *service;
  }
  if (!flags.servers.empty()) {
    auto servers = parse_servers(flags.servers);
    if (!servers) return Wrong(std::move(servers.error()));
    settings.servers = *servers;
  }
  auto algorithms = parse_algorithms(flags.algorithms);
  if (!algorithms) return Wrong(std::move(algorithms.error()));
  settings.algorithms = *algorithms;
  settings.wants_all_algorithms = flags.algorithms.empty() || flags.algorithms == "all";
  auto scenarios = read_scenarios(flags);
  if (!scenarios) return Wrong(std::move(scenarios.error()));
  settings.scenarios = *scenarios;
  if (std::string fault = read_numbers(flags, settings); !fault.empty()) return Wrong(std::move(fault));
  return settings;
}

}  // namespace fairlead::cli::simulation
