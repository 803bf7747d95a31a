// One core's share of the work: its loop, listeners, sessions, upstream connections and counters.
//
// Everything here belongs to the worker's thread. Control speaks to it by posting to its loop; only the counters are
// read from outside.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/leaving_servers.h"
#include "app/memory_plan.h"
#include "base/random.h"
#include "http/workspace.h"
#include "pool/keepalive_cache.h"
#include "proxy/access_log.h"
#include "proxy/context.h"
#include "proxy/listener.h"
#include "proxy/session_list.h"
#include "proxy/snapshot.h"
#include "runtime/event_loop.h"
#include "runtime/task_group.h"

namespace fairlead::app {

// A socket that a worker listens on, and what holds for its connections.
struct ListenerPlan {
  int socket = -1;
  std::shared_ptr<const proxy::SessionSettings> settings;
};

// Where a worker writes its access log. The writer lives as long as somebody may write.
struct AccessLogPlan {
  proxy::AccessLogSettings settings;
  telemetry::LogRing* ring = nullptr;  // null: no access log
  std::shared_ptr<telemetry::LogWriter> writer;
};

// What a worker does from some moment on.
struct WorkerPlan {
  std::shared_ptr<const proxy::Snapshot> snapshot;
  std::vector<ListenerPlan> listeners;
  AccessLogPlan access_log;
  std::optional<WorkerMemory> memory = {};  // empty: as before
};

class Worker {
 public:
  // `loop` and `suspects` outlive it.
  Worker(runtime::EventLoop& loop, std::uint64_t seed, pool::SuspectListener& suspects);
  // No task may be left: see `stop`.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  runtime::EventLoop& loop() const { return loop_; }
  // Any thread may read them.
  const proxy::Counters& counters() const { return counters_; }

  // Goes over to a plan: requests that have begun end under the one before. Listeners whose socket stays are kept.
  void apply(const WorkerPlan& plan);
  // Stops listening and takes no further request on any connection; those in hand go on.
  void drain();
  // Ends every connection now.
  void cut();
  // Ends every connection and calls `done` once nothing is left.
  void stop(std::move_only_function<void()> done);

 private:
  void apply(const WorkerMemory& memory);
  runtime::Task<void> finish(std::move_only_function<void()> done);

  runtime::EventLoop& loop_;
  pool::SuspectListener& suspects_;
  Random random_;
  http::Workspace workspace_;
  pool::KeepaliveCaches upstream_;
  std::shared_ptr<telemetry::LogWriter> log_writer_;
  proxy::AccessLog access_log_;
  proxy::Counters counters_;
  proxy::Context context_;
  std::map<std::string, proxy::SessionList> sessions_;  // by listener
  LeavingServers leaving_servers_;
  runtime::TaskGroup tasks_;
  runtime::TaskGroup stopping_;
  std::map<int, std::unique_ptr<proxy::Listener>> listeners_;
};

}  // namespace fairlead::app
