// What all generations of one pool share: the epoch of its servers' eligibility, the load of the own zone, the retry
// and hedge budgets, the waiting line, and where there is room.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "pool/retry_budget.h"
#include "pool/room_map.h"
#include "pool/sticky_table.h"
#include "pool/waiting_line.h"

namespace fairlead::pool {

// Survives reloads while the pool's name stays the same. Servers bump the epoch, views compare it.
struct PoolVitals {
  // Moves whenever a server's eligibility or weight changed.
  alignas(64) std::atomic<std::uint64_t> epoch{1};
  // The part of the requests, in hundredths, that the own zone should leave to others (see ZoneWatch).
  std::atomic<std::uint32_t> spill{0};
  RetryBudget retry_budget;
  RetryBudget hedge_budget{1};
  WaitingLine waiting_line;
  RoomMap room;
  // From the first generation on that learns sessions. Set by the control thread, before workers see that generation.
  std::unique_ptr<StickyTable> sessions;
};

}  // namespace fairlead::pool
