// `fairlead_sim --seed=N --runs=K`: runs the simulation for K seeds from N on and prints what was broken, with its
// seed.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "sim/simulation.h"

namespace {

// True where `argument` is `--name=<number>`.
bool read_option(std::string_view argument, std::string_view name, std::uint64_t& value) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const auto parsed = std::from_chars(argument.data(), argument.data() + argument.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == argument.data() + argument.size();
}

}  // namespace

int main(int count, char** arguments) {
  std::uint64_t first = 1;
  std::uint64_t runs = 1;
  for (int index = 1; index < count; ++index) {
    if (!read_option(arguments[index], "--seed=", first) && !read_option(arguments[index], "--runs=", runs)) {
      fmt::print(stderr, "usage: fairlead_sim [--seed=N] [--runs=K]\n");
      return 2;
    }
  }
  std::uint64_t broken = 0;
  fairlead::sim::Verdict total;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    const fairlead::sim::Verdict verdict = fairlead::sim::simulate(seed);
    for (const std::string& violation : verdict.violations) fmt::print("--seed={}: {}\n", seed, violation);
    if (!verdict.violations.empty()) ++broken;
    total.requests += verdict.requests;
    total.successes += verdict.successes;
    total.errors += verdict.errors;
    total.unanswered += verdict.unanswered;
    total.retries += verdict.retries;
  }
  fmt::print("{} runs: {} requests, {} successes, {} errors, {} unanswered, {} retries; {} runs broke a rule\n", runs,
             total.requests, total.successes, total.errors, total.unanswered, total.retries, broken);
  return broken == 0 ? 0 : 1;
}
