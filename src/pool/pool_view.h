// A worker's own view of a pool: which servers it may choose from now, and the balancer that chooses.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "pool/answer_times.h"
#include "pool/balancer.h"
#include "pool/permit.h"
#include "pool/pool.h"
#include "pool/room_search.h"
#include "pool/waiting_line.h"
#include "runtime/task.h"

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

  // The server for the next try, never one of `tried`; else Error::no_server, or `dns_failed` where no name of the
  // pool's servers has an address. Allocates only when the set of
  // eligible servers changed.
  Result<Server*> pick(const TriedServers& tried, TimePoint now, std::uint64_t key_hash = 0);

  // A permit of the server for the next try, never one of `tried`. Where every server that could take the request is
  // full, or others wait for one already: Error::queue_full, and `wait_for_permit` is next.
  Result<Permit> admit(const TriedServers& tried, TimePoint now, std::uint64_t key_hash = 0);
  // A permit of the server that a client sticks to: of one that serves, is draining, or was not checked yet. Errors:
  // no_server where it is none of these, queue_full where it has no room for who comes now.
  Result<Permit> admit_to(Server& server, TimePoint now);
  // A permit as soon as a server has room, in the order of the pool's line. Errors: queue_full where the line is,
  // queue_timeout, no_server, canceled where `place` gave up.
  runtime::Task<Permit> wait_for_permit(Place& place, const TriedServers& tried, Deadline deadline,
                                        std::uint64_t key_hash = 0);

  // Whether `pick` would find a server now. Chooses none.
  bool has_untried(const TriedServers& tried) const;

  // How a try on `server` ended: by a response with `status`, or by an error. Errors that are the client's or our
  // own say nothing of the server; a slow response is neither success nor failure. `wait` is how long the server, once
  // it had the request, took to begin its response, or had not begun one.
  void report(Server& server, int status, Duration wait, TimePoint now);
  void report(Server& server, const Error& error, Duration wait, TimePoint now);
  // The same in two steps, where the end of a response may be long in coming.
  void report_beginning(Server& server, int status, Duration wait, TimePoint now);
  void report_end(Server& server, int status);
  void report_end(Server& server, const Error& error, TimePoint now);

  // What this worker has seen of the pool, where anybody records it.
  AnswerTimes& answer_times() { return answer_times_; }

  // True while requests go to servers that are not known to be well, because none is.
  bool is_last_resort() const { return last_resort_; }

 private:
  void refresh_if_changed(TimePoint now);
  void refresh(TimePoint now);
  Result<Permit> take(const TriedServers& tried, TimePoint now, std::uint64_t key_hash);
  std::optional<Permit> take_any(const TriedServers& tried);
  void sort_by_role();
  Server* untried_reserve(const TriedServers& tried) const;
  void note_failure(Server& server, Duration wait, TimePoint now) const;
  void count_failure(Server& server);

  std::shared_ptr<const Pool> pool_;
  Random& random_;
  SuspectListener& suspects_;
  std::unique_ptr<Balancer> balancer_;
  bool by_load_;  // latencies are recorded by requests in flight, too
  AnswerTimes answer_times_;
  std::vector<Candidate> eligible_;
  std::uint64_t epoch_ = 0;
  // Where room is looked for once the balancer has found none: among `eligible_`, all primaries, the backups. Sorted
  // when somebody looks for the first time after a change.
  std::array<RoomSearch, 3> roles_;
  bool knows_roles_ = false;
  Deadline next_step_ = kNever;
  bool last_resort_ = false;
  bool has_no_address_ = false;  // no server can be chosen, because no name has an address
};

}  // namespace fairlead::pool
