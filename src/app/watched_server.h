// A server with all that watches it: its state machine, the judge of its traffic, its check, the addresses of its name.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "net/socket_address.h"
#include "pool/health/check.h"
#include "pool/health/health_checker.h"
#include "pool/health/schedule.h"
#include "pool/health_machine.h"
#include "pool/outlier_detector.h"
#include "pool/pace_watch.h"
#include "pool/pool.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace fairlead::app {

// Belongs to the control thread. Shared with its checking task, which may outlive its place in the monitor by one check
// that was cancelled.
struct WatchedServer {
  // The tools outlive it.
  WatchedServer(pool::CheckTools& tools, std::shared_ptr<pool::Server> of, std::shared_ptr<const pool::Pool> in,
                pool::Origin origin);

  // A reload changed what is said of the server. A check that changed is made at once.
  void update(std::shared_ptr<const pool::Pool> in, TimePoint now);
  // Ends the checking task, whatever it waits for.
  void end_checks();

  // Checks the server at the address in use. Where no connection comes about, the other addresses of its name are
  // tried in turn, and `address` of the answer is the one that passed (a light form of RFC 8305). Fails with
  // `canceled` only.
  struct Answer {
    pool::CheckOutcome outcome;
    std::optional<net::SocketAddress> address;
  };
  runtime::Task<Answer> ask();

  std::shared_ptr<pool::Server> server;
  std::shared_ptr<const pool::Pool> pool;
  pool::HealthMachine machine;
  std::optional<pool::OutlierDetector> detector;  // always there; replaced when its options change
  std::shared_ptr<const pool::HealthCheck> check;
  pool::PaceWatch pace;
  pool::CheckSchedule schedule;
  TimePoint next_tick;
  Deadline resolve_at = kNever;
  std::vector<net::SocketAddress> addresses;  // of its name, as last looked up
  pool::HealthChecker checker;
  runtime::Signal woken;  // the next check is due at once, or the checks end
  bool is_stopped = false;
  std::size_t turn = 0;  // in the monitor's order

 private:
  // The addresses of a name that are tried in one check, besides the one in use.
  static constexpr std::size_t kOtherAddresses = 3;

  runtime::Task<pool::CheckOutcome> ask_at(const pool::HealthCheck& check, net::SocketAddress address);

  std::size_t next_other_ = 0;  // where the search goes on, should a name have many addresses
};

}  // namespace fairlead::app
