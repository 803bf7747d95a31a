#include "pool/balancers/alias_table.h"

namespace fairlead::pool {

void AliasTable::build(std::span<const Candidate> candidates) {
  columns_.clear();
  low_.clear();
  high_.clear();
  total_ = 0;
  for (const Candidate& candidate : candidates) total_ += candidate.weight;

  // Each weight, times the number of columns, is a heap to be laid out over columns of height `total_`.
  for (std::uint32_t index = 0; index < candidates.size(); ++index) {
    const std::uint64_t heap = std::uint64_t{candidates[index].weight} * candidates.size();
    columns_.push_back({.own = heap, .alias = index});
    (heap < total_ ? low_ : high_).push_back(index);
  }
  while (!low_.empty() && !high_.empty()) {
    const std::uint32_t low = low_.back();
    const std::uint32_t high = high_.back();
    low_.pop_back();
    columns_[low].alias = high;
    columns_[high].own -= total_ - columns_[low].own;
    if (columns_[high].own < total_) {
      high_.pop_back();
      low_.push_back(high);
    }
  }
}

}  // namespace fairlead::pool
