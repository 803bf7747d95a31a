// One address in a pool: its lasting identity and its vital signs, shared by all workers and the control thread.
//
// The only mutable state that cores share. What workers write and what the control thread writes lie on cache lines
// of their own, so that a state that is read for every choice is not evicted by every request.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/prefetch.h"
#include "base/time.h"
#include "net/endpoint.h"
#include "net/socket_address.h"
#include "pool/idle_limit.h"
#include "pool/learned_limit.h"
#include "pool/load_latency.h"
#include "pool/pace_sums.h"
#include "pool/peak_latency.h"
#include "pool/pool_vitals.h"
#include "pool/server_state.h"

namespace fairlead::pool {

class Permit;

// Survives reloads while pool name, server name and address stay the same.
class Server : public std::enable_shared_from_this<Server> {
 public:
  // Effective weights are in units of 1 / kWeightScale, so that a small weight can be ramped too.
  static constexpr std::uint32_t kWeightScale = 256;
  // The share of its weight with which a server starts to warm up, and the one that it has while it is slow: enough to
  // see whether it still is, and too little for the slowest hundredth of requests.
  static constexpr double kColdShare = 0.1;
  static constexpr double kSlowShare = 0.01;

  // `vitals` belong to the pool called `pool`. Starts as `checking`, or `unresolved` where `endpoint` needs a lookup.
  Server(std::shared_ptr<PoolVitals> vitals, std::string pool, std::string name, net::Endpoint endpoint,
         std::uint32_t weight);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& pool() const { return pool_; }
  const std::string& name() const { return name_; }
  // `pool/server`, as commands and events name it.
  std::string subject() const { return pool_ + "/" + name_; }
  const net::Endpoint& endpoint() const { return endpoint_; }

  // Any thread.
  ServerState state() const { return published_.state.load(std::memory_order_relaxed); }
  // As configured, 0 to 10000; 0 gives it no new requests.
  std::uint32_t weight() const { return published_.weight.load(std::memory_order_relaxed); }
  // Null until its name was first resolved. Stays valid as long as the server.
  const net::SocketAddress* address() const { return published_.address.load(std::memory_order_acquire); }
  // For those who look at many servers: call it for each before asking any for its load.
  void prefetch_load() const { prefetch(&load_); }
  std::uint32_t in_flight() const { return load_.in_flight.load(std::memory_order_relaxed); }
  // Requests that it may have in flight at once; 0: any number.
  std::uint32_t max_inflight() const { return published_.max_inflight.load(std::memory_order_relaxed) & ~kLearned; }
  bool is_full() const { return max_inflight() != 0 && in_flight() >= max_inflight(); }
  // Its place in the pool's RoomMap.
  std::uint32_t room_slot() const { return room_slot_; }
  // Whoever found it full says so in the map, and looks again: it may have got room in between.
  void note_full();
  // Requests ever sent to it, those that it answered, and those that count against it.
  std::uint64_t requests() const { return load_.requests.load(std::memory_order_relaxed); }
  std::uint64_t successes() const { return load_.successes.load(std::memory_order_relaxed); }
  std::uint64_t failures() const { return failure_.failures.load(std::memory_order_relaxed); }
  // The weight in units of 1 / kWeightScale: kSlowShare of it while slow, ramped from kColdShare to all of it while
  // warming; at least 1 unless the configured weight is 0.
  std::uint32_t effective_weight(TimePoint now) const;

  // How long its answers take to begin, over all workers. Workers report to it; anyone may read.
  PeakLatency& latency() { return load_.latency; }
  const PeakLatency& latency() const { return load_.latency; }
  // The same by requests in flight, for pools that ask for it.
  LoadLatency& load_latency() { return load_latency_; }
  const LoadLatency& load_latency() const { return load_latency_; }
  PaceSums& pace_sums() { return load_.pace_sums; }
  const PaceSums& pace_sums() const { return load_.pace_sums; }

  // Workers, where its limit is learned: a good answer began after `wait`, and is still in flight; a request failed.
  void record_answer_time(Duration wait, TimePoint now);
  void record_overload() { learned_limit_.record_failure(); }
  // How long it keeps idle connections. Workers teach and ask it.
  IdleLimit& idle_limit() { return idle_limit_; }

  // Workers.
  void record_success() {
    load_.successes.fetch_add(1, std::memory_order_relaxed);
    // The line is only read as long as nothing fails.
    if (failure_.in_a_row.load(std::memory_order_relaxed) != 0) failure_.in_a_row.store(0, std::memory_order_relaxed);
  }
  // True for the one failure that the control thread has to hear of (see OutlierDetector).
  bool record_failure();

  // Control thread only. Each change reaches every worker's view at its next choice.
  void publish_state(ServerState state, TimePoint warmup_start, Duration warmup);
  void publish_weight(std::uint32_t weight);
  void publish_address(const net::SocketAddress& address);
  // Requests above a lower limit end as they would have; whoever waits for a place looks again.
  void publish_max_inflight(std::uint32_t limit);
  // From here on workers set the limit (LearnedLimit), unless they do already.
  void learn_max_inflight();
  bool learns_max_inflight() const { return (published_.max_inflight.load(std::memory_order_relaxed) & kLearned) != 0; }
  // Failures since the last success, of all workers.
  std::uint32_t failures_in_a_row() const { return failure_.in_a_row.load(std::memory_order_relaxed); }
  void clear_failures_in_a_row() { failure_.in_a_row.store(0, std::memory_order_relaxed); }
  // As many failures in a row make record_failure() say true; 0: none do.
  void publish_run_limit(std::uint32_t failures) { failure_.run_limit.store(failures, std::memory_order_relaxed); }
  // The count of failures at which record_failure() next says true.
  void publish_suspect_at(std::uint64_t failures);
  static constexpr std::uint64_t kNeverSuspect = std::numeric_limits<std::uint64_t>::max();

 private:
  // Lets every view look at its servers again, and whoever waits for one.
  void announce_change();

  friend class Permit;
  // Marks a limit that workers set, so that none of them writes over one that was configured meanwhile.
  static constexpr std::uint32_t kLearned = std::uint32_t{1} << 31;

  // Written by the control thread, and a learned limit by workers a few times a second; read for every choice.
  struct alignas(kCacheLine) Published {
    std::atomic<ServerState> state{ServerState::checking};
    std::atomic<std::uint32_t> weight{0};
    std::atomic<std::uint32_t> max_inflight{0};
    std::atomic<TimePoint::rep> warmup_start{0};
    std::atomic<Duration::rep> warmup{0};
    std::atomic<const net::SocketAddress*> address{nullptr};
  };
  // Written by workers for every request.
  struct alignas(kCacheLine) Load {
    std::atomic<std::uint32_t> in_flight{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> successes{0};
    PeakLatency latency;  // read beside `in_flight` by those who choose
    PaceSums pace_sums;
  };
  // Written when something fails.
  struct alignas(kCacheLine) Failure {
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> suspect_at{kNeverSuspect};
    std::atomic<std::uint32_t> in_a_row{0};
    std::atomic<std::uint32_t> run_limit{0};
  };

  LearnedLimit learned_limit_;
  Published published_;
  Load load_;
  Failure failure_;
  alignas(kCacheLine) LoadLatency load_latency_;
  // What hardly ever changes.
  alignas(kCacheLine) IdleLimit idle_limit_;
  std::shared_ptr<PoolVitals> vitals_;
  std::uint32_t room_slot_;
  std::string pool_;
  std::string name_;
  net::Endpoint endpoint_;
  // Every address it ever had, since workers read them without a lock. An address seen before is used again, so the
  // list is as long as the set of addresses behind one name.
  std::vector<std::unique_ptr<const net::SocketAddress>> addresses_;
};

}  // namespace fairlead::pool
