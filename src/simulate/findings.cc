#include "simulate/findings.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace fairlead::simulate {
namespace {

constexpr double kTooSlow = 2;  // times the p99 of normal times
constexpr double kTooManyFail = 0.01;
// One request in a hundred that fails weighs as much as a p99 that has doubled.
const double kFailureWeight = std::log(kTooSlow) / kTooManyFail;
constexpr std::uint32_t kMostAdded = 8;

bool is_comparable(const Case& left, const Case& right) {
  return left.servers == right.servers && left.scenario == right.scenario;
}

// Lower is better.
double cost(const Row& row) {
  double sum = 0;
  for (const CaseResult* result : row) {
    const double p99 = std::max(estimate(result->all(&RunResult::p99)).mean, 1e-9);
    sum += std::log(p99) + kFailureWeight * result->failed_share();
  }
  return sum;
}

bool are_as_good(const Row& left, const Row& right, std::size_t comparisons) {
  for (std::size_t index = 0; index < left.size(); ++index) {
    const CaseResult& one = *left[index];
    const CaseResult& other = *right[index];
    if (differ(one.all(&RunResult::p99), other.all(&RunResult::p99), comparisons)) return false;
    if (std::abs(one.failed_share() - other.failed_share()) > kTooManyFail / 10) return false;
  }
  return true;
}

bool bears_trouble(const Row& row) {
  const CaseResult* normal = nullptr;
  for (const CaseResult* result : row)
    if (result->what.scenario.trouble == Trouble::none) normal = result;
  if (normal == nullptr) return true;
  return std::ranges::none_of(row, [&](const CaseResult* result) {
    const Trouble trouble = result->what.scenario.trouble;
    return (trouble == Trouble::dies || trouble == Trouble::surge) && is_too_bad(*result, *normal);
  });
}

// Whether the pool bears that many deaths.
bool survives(const Plan& plan, Case what, std::uint32_t deaths, const std::function<void(double)>& progress) {
  Case normal = what;
  normal.scenario = {.at = what.scenario.at};
  what.scenario.trouble = Trouble::dies;
  what.scenario.servers = deaths;
  const std::vector<CaseResult> results = run_cases(plan, {normal, what}, progress);
  return !is_too_bad(results[1], results[0]);
}

}  // namespace

std::vector<Standing> standings(const std::vector<CaseResult>& results, double RunResult::* figure) {
  std::vector<Standing> all;
  for (const CaseResult& result : results) all.push_back({.value = estimate(result.all(figure))});
  for (std::size_t index = 0; index < results.size(); ++index) {
    std::optional<std::size_t> first;
    std::size_t rivals = 0;
    for (std::size_t other = 0; other < results.size(); ++other) {
      if (!is_comparable(results[other].what, results[index].what)) continue;
      rivals += other == index ? 0 : 1;
      if (!first || all[other].value.mean < all[*first].value.mean) first = other;
    }
    const std::size_t best = first.value_or(index);
    all[index].is_best = best == index;
    all[index].is_same = best != index && !differ(results[best].all(figure), results[index].all(figure), rivals);
  }
  return all;
}

std::vector<Row> rows_of(const std::vector<CaseResult>& results) {
  std::vector<Row> rows;
  for (const CaseResult& result : results) {
    const auto row = std::ranges::find_if(rows, [&](const Row& known) {
      return known.front()->what.servers == result.what.servers &&
             known.front()->what.algorithm == result.what.algorithm;
    });
    if (row == rows.end())
      rows.push_back({&result});
    else
      row->push_back(&result);
  }
  return rows;
}

bool is_too_bad(const CaseResult& troubled, const CaseResult& normal) {
  const double before = estimate(normal.all(&RunResult::p99)).mean;
  return estimate(troubled.all(&RunResult::p99)).mean > kTooSlow * before || troubled.failed_share() > kTooManyFail;
}

std::optional<std::size_t> recommended(const std::vector<CaseResult>& results, pool::Algorithm configured) {
  const std::vector<Row> rows = rows_of(results);
  std::optional<std::size_t> best;
  const auto is_better = [&](const Row& row, const Row& than) {
    const std::uint32_t servers = row.front()->what.servers;
    const std::uint32_t others = than.front()->what.servers;
    if (servers == others) return cost(row) < cost(than);
    const bool bears = bears_trouble(row);
    if (bears != bears_trouble(than)) return bears;
    return bears ? servers < others : servers > others;
  };
  for (std::size_t index = 0; index < rows.size(); ++index)
    if (!best || is_better(rows[index], rows[*best])) best = index;
  if (!best) return best;
  for (std::size_t index = 0; index < rows.size(); ++index) {
    const Case& what = rows[index].front()->what;
    if (what.servers != rows[*best].front()->what.servers || what.algorithm != configured) continue;
    if (are_as_good(rows[index], rows[*best], rows.size() - 1)) return index;
  }
  return best;
}

Capacity find_capacity(const Plan& plan, const Case& what, const std::function<void(double)>& progress) {
  Capacity capacity;
  // The most deaths that it bears: it bears `capacity.may_die`, and not `too_many`.
  std::uint32_t too_many = what.servers;
  while (too_many - capacity.may_die > 1) {
    const std::uint32_t deaths = std::midpoint(capacity.may_die, too_many);
    if (survives(plan, what, deaths, progress))
      capacity.may_die = deaths;
    else
      too_many = deaths;
  }
  if (capacity.may_die > 0) return capacity;
  for (std::uint32_t added = 1; added <= kMostAdded && !capacity.enough_servers; ++added) {
    Case larger = what;
    larger.servers += added;
    if (survives(plan, larger, 1, progress)) capacity.enough_servers = larger.servers;
  }
  return capacity;
}

}  // namespace fairlead::simulate
