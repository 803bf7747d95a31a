// A worker's own view of a pool: which servers it may choose from now, and the balancer that chooses.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "pool/balancer.h"
#include "pool/pool.h"

namespace fairlead::pool {

// Hears from workers that a server has failed often enough for its OutlierDetector to look at it.
class SuspectListener {
 public:
  virtual ~SuspectListener() = default;
  // Called on the worker, at most once until the detector has looked. Must not block.
  virtual void on_suspect(Server& server) = 0;
};

// One per worker and snapshot; not thread-safe. `random` and `suspects` outlive it.
class PoolView {
 public:
  // How often weights follow the ramp while a server is warming.
  static constexpr Duration kWarmupStep = std::chrono::milliseconds(100);

  PoolView(std::shared_ptr<const Pool> pool, Random& random, SuspectListener& suspects);

  const Pool& pool() const { return *pool_; }

  // The server for the next try, never one of `tried`; else Error::no_server. Allocates only when the set of
  // eligible servers changed.
  Result<Server*> pick(const TriedServers& tried, TimePoint now, std::uint64_t key_hash = 0);

  // Whether `pick` would find a server now. Chooses none.
  bool has_untried(const TriedServers& tried) const;

  // How a try on `server` ended: by a response with `status`, or by an error. Errors that are the client's or our
  // own say nothing of the server; a slow response is neither success nor failure. `wait` is how long the server, once
  // it had the request, took to begin its response, or had not begun one.
  void report(Server& server, int status, Duration wait, TimePoint now);
  void report(Server& server, const Error& error, Duration wait, TimePoint now);

  // True while requests go to servers that are not known to be well, because none is.
  bool is_last_resort() const { return last_resort_; }

 private:
  void refresh(TimePoint now);
  void gather(TimePoint now);
  Server* untried_backup(const TriedServers& tried) const;

  std::shared_ptr<const Pool> pool_;
  SuspectListener& suspects_;
  std::unique_ptr<Balancer> balancer_;
  std::vector<Candidate> eligible_;
  std::uint64_t epoch_ = 0;
  Deadline next_step_ = kNever;
  bool last_resort_ = false;
};

}  // namespace fairlead::pool
