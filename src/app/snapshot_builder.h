// Makes a snapshot from a configuration, with the servers of the one before wherever they stay the same.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "app/options.h"
#include "pool/pool_vitals.h"
#include "proxy/snapshot.h"

namespace fairlead::app {

// One per process, on the control thread; it remembers the servers of the last snapshot. A server stays the same while
// its pool, its name and its address do: it keeps its state, its counts and its connections. The pool's `vitals` stay
// with its name.
class SnapshotBuilder {
 public:
  // `secret` signs where the configuration has none, and makes the subsets of this machine differ from others'.
  explicit SnapshotBuilder(std::string secret = {}) : secret_(std::move(secret)) {}

  std::shared_ptr<const proxy::Snapshot> build(const Options& options, std::uint64_t generation);
  // Of all that were built.
  proxy::BodyBudget& kept_bodies() { return *kept_bodies_; }
  const proxy::BodyBudget& kept_bodies() const { return *kept_bodies_; }

 private:
  struct KnownPool {
    std::shared_ptr<pool::PoolVitals> vitals = std::make_shared<pool::PoolVitals>();
    std::map<std::string, std::shared_ptr<pool::Server>> servers;  // by name
  };

  std::shared_ptr<const pool::Pool> build_pool(const std::string& name, const pool::PoolOptions& options,
                                               const std::string& zone);

  std::string secret_;
  std::map<std::string, KnownPool> known_;
  std::shared_ptr<proxy::BodyBudget> kept_bodies_ = std::make_shared<proxy::BodyBudget>();
};

}  // namespace fairlead::app
