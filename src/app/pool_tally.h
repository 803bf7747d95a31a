// How many servers of a pool are in which state, kept up with each change, and what to say when the pool's own state
// changes with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "pool/health_machine.h"
#include "pool/pool.h"
#include "pool/server_event.h"

namespace fairlead::app {

// One per pool, on the control thread. A change costs the same however many servers there are.
class PoolTally {
 public:
  // Counts anew: after a reload. What was told of the pool before is kept.
  void clear();
  void add(const pool::HealthMachine& machine);
  // `machine` has changed its state from `from`, and may have become decided.
  void move(const pool::HealthMachine& machine, pool::ServerState from, bool was_undecided);

  pool::PoolState state() const { return pool::pool_state(counts_); }
  std::uint32_t serving() const { return counts_.serving(); }
  // True while some server awaits its first check.
  bool is_undecided() const { return undecided_ > 0; }
  // The change of the pool's state since the last call, if any. What is not decided yet is no news. The caller adds
  // place and time.
  std::optional<pool::PoolEvent> news(const pool::Pool& pool);

 private:
  std::string words(const pool::Pool& pool) const;

  pool::StateCounts counts_;
  std::uint32_t undecided_ = 0;
  pool::PoolState told_ = pool::PoolState::ok;
};

}  // namespace fairlead::app
