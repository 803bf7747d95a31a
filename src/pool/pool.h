// A named set of interchangeable servers, as one generation of the configuration has it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "pool/key_maps/key_map.h"
#include "pool/options.h"
#include "pool/pool_vitals.h"
#include "pool/server.h"
#include "pool/server_state.h"
#include "pool/sticky_cookie.h"
#include "pool/sticky_sessions.h"

namespace fairlead::pool {

// A server in the role that a generation gives it.
struct Member {
  std::shared_ptr<Server> server;
  bool backup = false;     // used only while no other server can serve
  bool far = false;        // in another zone than this Fairlead
  std::uint64_t rank = 0;  // where the pool has a `subset`: the lowest ranks are in it
};

// Immutable; one per snapshot. The servers and vitals are shared with other generations of the pool.
class Pool {
 public:
  // Becomes the newest generation of the pool. `members` in the order of `options.servers`; `vitals` are those that the
  // members were made with.
  Pool(std::string name, PoolOptions options, std::vector<Member> members, std::shared_ptr<PoolVitals> vitals);

  const std::string& name() const { return name_; }
  const PoolOptions& options() const { return options_; }
  std::span<const Member> members() const { return members_; }
  std::uint64_t epoch() const { return vitals_->epoch.load(std::memory_order_acquire); }
  // The share of all requests that the own zone should leave to others, because it is overloaded. Any thread.
  double spill() const { return vitals_->spill.load(std::memory_order_relaxed) / 100.0; }
  // Control thread only. A change reaches every worker's view at its next choice.
  void publish_spill(double share) const;
  // Shared by all workers; use it from any thread.
  RetryBudget& retry_budget() const { return vitals_->retry_budget; }
  // Of second servers for late requests (proxy/hedge.h). As above.
  RetryBudget& hedge_budget() const { return vitals_->hedge_budget; }
  // Where requests wait while every server is full. Shared by all workers.
  WaitingLine& waiting_line() const { return vitals_->waiting_line; }
  // Which servers may have room below their limits. As above.
  const RoomMap& room() const { return vitals_->room; }
  // Null where clients do not stick by a cookie of ours.
  const StickyCookie* sticky() const { return sticky_ ? &*sticky_ : nullptr; }
  // Null where they do not stick by something of their own.
  const StickySessions* sessions() const { return sessions_ ? &*sessions_ : nullptr; }
  // Empty where the algorithm does not hash.
  const std::optional<HashOptions>& hashing() const { return hashing_; }
  // Which member a key belongs to, of the primaries or of the backups; null where there is none with a weight. Only
  // where the algorithm hashes.
  const KeyMap* key_map(bool backup) const { return key_maps_[backup ? 1 : 0].get(); }
  // The places of the members, those of the lowest rank first where the pool has a `subset`; else in their order.
  std::span<const std::uint32_t> by_rank() const { return by_rank_; }
  // Whether any member is far.
  bool has_far() const { return has_far_; }
  // Whether any server has a limit of requests in flight.
  bool has_limits() const { return has_limits_; }
  // Of the waiting line.
  std::uint64_t generation() const { return generation_; }
  // From the members' states at this moment.
  PoolState state() const;

 private:
  std::string name_;
  PoolOptions options_;
  std::vector<Member> members_;
  std::shared_ptr<PoolVitals> vitals_;
  std::optional<StickyCookie> sticky_;
  std::optional<StickySessions> sessions_;
  std::optional<HashOptions> hashing_;
  std::array<std::unique_ptr<const KeyMap>, 2> key_maps_;  // of primaries, of backups
  std::vector<std::uint32_t> by_rank_;
  bool has_far_;
  bool has_limits_;
  std::uint64_t generation_;
};

// How many servers are in which state.
class StateCounts {
 public:
  void add(ServerState state) { ++counts_[static_cast<std::size_t>(state)]; }
  void remove(ServerState state) { --counts_[static_cast<std::size_t>(state)]; }
  std::uint32_t of(ServerState state) const { return counts_[static_cast<std::size_t>(state)]; }
  std::uint32_t serving() const { return of(ServerState::up) + of(ServerState::warming) + of(ServerState::slow); }
  std::uint32_t failed() const { return of(ServerState::down) + of(ServerState::ejected); }
  std::uint32_t total() const;

 private:
  std::array<std::uint32_t, kServerStates.size()> counts_{};
};

// `empty` without members; `failing` where none serves, unless all that are in rotation still await their first
// check; `degraded` where one does not serve; else `ok`.
PoolState pool_state(const StateCounts& counts);
PoolState pool_state(std::span<const Member> members);

}  // namespace fairlead::pool
