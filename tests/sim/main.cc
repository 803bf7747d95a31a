// `fairlead_sim --seed=N [--runs=K] [--verbose]`: replays simulated runs and says what broke a promise.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>

#include "sim/world.h"

namespace {

bool take_number(std::string_view argument, std::string_view name, std::uint64_t& number) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  return std::from_chars(argument.data(), argument.data() + argument.size(), number).ec == std::errc();
}

}  // namespace

int main(int count, char** arguments) {
  std::uint64_t seed = 1;
  std::uint64_t runs = 1;
  bool is_verbose = false;
  for (const std::string_view argument : std::span(arguments, static_cast<std::size_t>(count)).subspan(1)) {
    if (take_number(argument, "--seed=", seed) || take_number(argument, "--runs=", runs)) continue;
    is_verbose = argument == "--verbose";
    if (is_verbose) continue;
    fmt::print(stderr, "usage: fairlead_sim [--seed=N] [--runs=K] [--verbose]\n");
    return 2;
  }
  fairlead::sim::Report total;
  int failures = 0;
  for (std::uint64_t run = seed; run < seed + runs; ++run) {
    const fairlead::sim::Report report = fairlead::sim::World(run).run();
    if (is_verbose) fmt::print("{}\n", report.summary);
    for (const auto& violation : report.violations) fmt::print("seed {}: {}\n", run, violation);
    failures += report.violations.empty() ? 0 : 1;
    total.requests += report.requests;
    total.answers += report.answers;
    total.own_answers += report.own_answers;
    total.cuts += report.cuts;
    total.retries += report.retries;
  }
  fmt::print("{} runs, {} failed: {} requests, {} answered by servers, {} by the proxy, {} cut, {} retries\n", runs,
             failures, total.requests, total.answers, total.own_answers, total.cuts, total.retries);
  return failures == 0 ? 0 : 1;
}
