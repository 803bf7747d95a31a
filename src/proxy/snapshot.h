// One immutable generation of the configuration, as the data path uses it, and a worker's own view of it.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pool/pool.h"
#include "pool/pool_view.h"
#include "proxy/body_budget.h"
#include "proxy/options.h"
#include "proxy/route_table.h"

namespace fairlead::proxy {

// Shared by all workers and by every exchange that began under it.
struct Snapshot {
  std::uint64_t generation = 0;
  RouteTable routes;
  std::vector<std::shared_ptr<const pool::Pool>> pools;
  std::map<std::string, ListenerOptions> listeners;
  ErrorOptions errors;
  std::shared_ptr<BodyBudget> kept_bodies;  // of all generations together
};

// What one worker keeps per generation: its balancers. Belongs to that worker's thread, and so does its count.
class SnapshotView final : public boost::intrusive_ref_counter<SnapshotView, boost::thread_unsafe_counter> {
 public:
  SnapshotView(std::shared_ptr<const Snapshot> snapshot, Random& random, pool::SuspectListener& suspects)
      : snapshot_(std::move(snapshot)) {
    for (const auto& pool : snapshot_->pools) pools_.emplace_back(pool, random, suspects);
  }

  const Snapshot& snapshot() const { return *snapshot_; }
  pool::PoolView& pool(std::size_t index) { return pools_[index]; }

 private:
  std::shared_ptr<const Snapshot> snapshot_;
  std::deque<pool::PoolView> pools_;
};

using SnapshotViewPtr = boost::intrusive_ptr<SnapshotView>;

}  // namespace fairlead::proxy
