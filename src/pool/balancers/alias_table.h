// Weighted draws in constant time, whatever the number of servers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "pool/balancer.h"

namespace fairlead::pool {

// Source: Vose, "A linear algorithm for generating random numbers with a given distribution" (1991), in integers.
class AliasTable {
 public:
  // Linear in the number of candidates; may allocate.
  void build(std::span<const Candidate> candidates);
  bool empty() const { return columns_.empty(); }
  std::size_t size() const { return columns_.size(); }
  // The index of a candidate, with a probability in proportion to its weight. Not for an empty table.
  std::size_t draw(Random& random) const {
    const std::size_t column = random.below(columns_.size());
    return random.below(total_) < columns_[column].own ? column : columns_[column].alias;
  }

 private:
  // A column is as high as the sum of all weights; `own` of it belongs to its own candidate, the rest to the alias.
  struct Column {
    std::uint64_t own;
    std::uint32_t alias;
  };
  std::vector<Column> columns_;
  std::vector<std::uint32_t> low_;
  std::vector<std::uint32_t> high_;
  std::uint64_t total_ = 0;
};

}  // namespace fairlead::pool
