// What a reload costs in keys: how many go to another server because the servers of a pool changed.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pool/pool.h"

namespace fairlead::pool {

struct KeyMoves {
  std::size_t servers = 0;  // before
  std::size_t left = 0;
  std::size_t joined = 0;
  double moved = 0;   // share of all keys
  double needed = 0;  // the least that any method would have moved, by the weights
};

// From the key maps of two generations of a pool, by the names of its primaries. Empty where one of them does not hash,
// or has no such server, or where nothing changed.
std::optional<KeyMoves> key_moves(const Pool& before, const Pool& after);

// `pool web: 1 of 4 servers leaves; 25.3 % of keys move (25.0 % must)`: one line for each pool that there is a word to
// say of. A pool that hashes something else than before has all its keys moved.
std::vector<std::string> key_move_words(std::span<const std::shared_ptr<const Pool>> before,
                                        std::span<const std::shared_ptr<const Pool>> after);

}  // namespace fairlead::pool
