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
  bool backup = false;  // used only while no other server can serve
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
  // Shared by all workers; use it from any thread.
  RetryBudget& retry_budget() const { return vitals_->retry_budget; }
  // Of second servers for late requests (proxy/hedge.h). As above.
  RetryBudget& hedge_budget() const { return vitals_->hedge_budget; }
  // Where requests wait while every server is full. Shared by all workers.
  WaitingLine& waiting_line() const { return vitals_->waiting_line; }
  // Null where clients do not stick by a cookie of ours.
  const StickyCookie* sticky() const { return sticky_ ? &*sticky_ : nullptr; }
  // Null where they do not stick by something of their own.
  const StickySessions* sessions() const { return sessions_ ? &*sessions_ : nullptr; }
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
