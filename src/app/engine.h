// Runs everything: workers on their threads, health checks and the configuration on the control thread.
//
// Listening sockets come from outside (`SocketSource`), so that they can outlive the engine. All calls are the control
// thread's, unless they say otherwise.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/event_log.h"
#include "app/health_monitor.h"
#include "app/logs.h"
#include "app/options.h"
#include "app/seat_plan.h"
#include "app/snapshot_builder.h"
#include "app/worker.h"
#include "net/listening_socket.h"
#include "net/resolver.h"
#include "runtime/epoll/epoll_loop.h"

namespace fairlead::app {

// Gives the engine its listening sockets, one per worker, and takes them back.
class SocketSource {
 public:
  virtual ~SocketSource() = default;
  virtual std::expected<std::vector<int>, net::ListenError> open(const net::Endpoint& endpoint, std::size_t count) = 0;
  virtual void close(const net::Endpoint& endpoint, const std::vector<int>& sockets) = 0;
};

// Why options could not be run: an address that cannot be listened on, or a log that cannot be opened.
struct StartError {
  std::optional<net::ListenError> listen;
  std::string log;
};

// Counts of all workers together.
struct Totals {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  std::uint64_t retries_recovered = 0;
  std::uint64_t server_errors = 0;  // answers with 5xx, whoever made them
  std::uint64_t cut_responses = 0;
  std::uint64_t hedges = 0;  // second tries of late requests, and those that served
  std::uint64_t hedges_won = 0;
  std::uint64_t sticky_forged = 0;  // cookies that were not ours, or whose time or server had gone
  std::uint64_t sticky_stale = 0;
  std::int64_t open_connections = 0;
  std::int64_t open_requests = 0;  // tunnels not among them
  std::int64_t open_tunnels = 0;
};

// Work that is left in a drain.
struct OpenWork {
  std::int64_t requests = 0;
  std::int64_t tunnels = 0;
  bool empty() const { return requests <= 0 && tunnels <= 0; }
};

class Engine {
 public:
  // All of them outlive it. `events` hears every change of state, on the control thread. The event log is in words if
  // it is `for_people`, else in JSON.
  Engine(runtime::EventLoop& loop, SocketSource& sockets, net::Resolver& resolver, HealthListener& events,
         bool for_people = false);
  // Must have been stopped, or never started.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Opens the listeners and starts. Fails with nothing left behind where an address or a log file cannot be had.
  std::expected<void, StartError> start(const Options& options);
  // Goes over to other options; what stays the same keeps running. Fails with nothing changed. The number of workers
  // stays as it is until the next start.
  std::expected<void, StartError> reload(const Options& options);

  std::uint64_t generation() const { return generation_; }
  const Options& options() const { return options_; }
  // How many keys the last reload moved, one line for each pool that hashes and whose servers changed.
  const std::vector<std::string>& key_moves() const { return key_moves_; }
  std::size_t workers() const { return workers_.size(); }
  HealthMonitor& health() { return *health_; }
  Logs& logs() { return *logs_; }
  Totals totals() const;
  std::vector<ListenerLoad> listener_loads() const;
  const proxy::BodyBudget& kept_bodies() const { return snapshots_.kept_bodies(); }

  // No new connections, no further request on those that are open.
  void drain();
  OpenWork open_work() const;
  // Cuts what is left, ends all threads and gives the sockets back. Runs the control loop meanwhile.
  void stop();

 private:
  // A worker with its loop and thread.
  struct Core;
  struct OpenListener {
    std::string name;
    net::Endpoint endpoint;
    std::vector<int> sockets;  // by worker
  };

  std::expected<void, StartError> go_over_to(const Options& options, pool::Origin origin);
  std::expected<std::vector<OpenListener>, StartError> open_listeners(const Options& options);
  void close_listeners_not_in(const std::vector<OpenListener>& kept, const std::vector<OpenListener>& from);
  std::vector<ListenerPlan> listener_plans(std::size_t worker) const;
  // In bytes, without what connections hold.
  std::uint64_t own_memory(const Options& options);
  // Runs `action` on each worker's thread and waits until all have.
  void on_every_worker(const std::function<void(Worker&, std::size_t)>& action);

  runtime::EventLoop& loop_;
  SocketSource& sockets_;
  net::Resolver& resolver_;
  HealthListener& events_;
  bool for_people_;
  Random random_;
  Options options_;
  std::uint64_t generation_ = 0;
  SnapshotBuilder snapshots_;
  SeatPlan seats_;
  ByteCount memory_;  // that may be used
  // In bytes, when it started.
  struct {
    std::uint64_t used = 0;
    std::uint64_t servers = 0;  // of that, roughly
  } own_at_start_;
  std::unique_ptr<Logs> logs_;
  std::unique_ptr<HealthMonitor> health_;
  std::vector<std::unique_ptr<Core>> workers_;
  std::vector<OpenListener> listeners_;
  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::vector<std::string> key_moves_;
};

}  // namespace fairlead::app
