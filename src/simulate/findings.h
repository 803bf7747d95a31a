// What the results say: which rows differ beyond noise, what to use, and why, in plain words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "simulate/experiment.h"
#include "simulate/statistics.h"

namespace fairlead::simulate {

// Where a result stands among those with as many servers in the same scenario.
struct Standing {
  Estimate value;
  bool is_best = false;
  bool is_same = false;  // as the best, within the noise
};

// One for each result, in their order.
std::vector<Standing> standings(const std::vector<CaseResult>& results, double RunResult::* figure);

// The results of one row: the same servers and algorithm, scenario by scenario.
using Row = std::vector<const CaseResult*>;
std::vector<Row> rows_of(const std::vector<CaseResult>& results);

// p99 has doubled against the same pool in normal times, or one request in a hundred fails.
bool is_too_bad(const CaseResult& troubled, const CaseResult& normal);

// The row to use: with the fewest servers that bear a death or a surge if any do, the algorithm that is best over all
// scenarios. Of those that are as good within the noise, `configured` comes first. The index into rows_of(); none
// where there is nothing to choose from.
std::optional<std::size_t> recommended(const std::vector<CaseResult>& results, pool::Algorithm configured);

// How many servers may die before p99 doubles, and, where the first death does it, with how many servers it would not.
struct Capacity {
  std::uint32_t may_die = 0;
  std::optional<std::uint32_t> enough_servers;
};
Capacity find_capacity(const Plan& plan, const Case& what, const std::function<void(double)>& progress);

}  // namespace fairlead::simulate
