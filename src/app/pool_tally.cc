#include "app/pool_tally.h"

#include <fmt/format.h>

#include <utility>

namespace fairlead::app {

using pool::PoolState;
using pool::ServerState;

void PoolTally::clear() {
  counts_ = {};
  undecided_ = 0;
}

void PoolTally::add(const pool::HealthMachine& machine) {
  counts_.add(machine.state());
  undecided_ += machine.is_undecided() ? 1 : 0;
}

void PoolTally::move(const pool::HealthMachine& machine, ServerState from, bool was_undecided) {
  counts_.remove(from);
  undecided_ -= was_undecided ? 1 : 0;
  add(machine);
}

std::optional<pool::PoolEvent> PoolTally::news(const pool::Pool& pool) {
  if (is_undecided()) return std::nullopt;
  const PoolState now = state();
  const PoolState before = std::exchange(told_, now);
  if (before == now) return std::nullopt;
  return pool::PoolEvent{.at = {},
                         .pool = pool.name(),
                         .from = before,
                         .to = now,
                         .reason = {},
                         .why = words(pool),
                         .evidence = {},
                         .serving = serving(),
                         .servers = counts_.total()};
}

std::string PoolTally::words(const pool::Pool& pool) const {
  const std::uint32_t servers = counts_.total();
  const bool is_single = servers == 1;
  switch (state()) {
    case PoolState::empty:
      return "it has no servers";
    case PoolState::ok:
      return is_single ? std::string("its server is up") : fmt::format("all {} servers are up", servers);
    case PoolState::degraded:
      return fmt::format("{} of {} servers are up", serving(), servers);
    case PoolState::failing:
      break;
  }
  if (counts_.of(ServerState::unresolved) == servers)
    return "no name of its servers has an address; requests are answered with 502";
  const bool is_tried = pool.options().last_resort == pool::LastResort::try_anyway;
  const std::string none =
      is_single ? std::string("its server is not up") : fmt::format("none of {} servers is up", servers);
  return fmt::format("{}; {}", none,
                     is_tried ? "requests are sent to them all the same" : "requests are answered with 503");
}

}  // namespace fairlead::app
