// Runs one health check over the network: connects, asks, reads, judges.
#pragma once

#include <array>
#include <string>

#include "base/time.h"
#include "net/connect_probes.h"
#include "net/connection.h"
#include "net/socket_address.h"
#include "net/tls_handshake.h"
#include "pool/health/check.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace fairlead::pool {

// A check that ended, and whether it ended because its time was up.
struct CheckOutcome {
  CheckResult result;
  bool timed_out = false;
  bool was_connected = false;
};

// What all checks of a thread share. The loop outlives it.
struct CheckTools {
  explicit CheckTools(runtime::EventLoop& of) : loop(of), probes(of) {}

  runtime::EventLoop& loop;
  net::TlsClients tls;
  net::ConnectProbes probes;
  std::array<char, 4096> piece{};  // what was just received: good until the next wait
};

// One check at a time; `cancel` ends the one that runs, if any. Belongs to the control thread.
class HealthChecker {
 public:
  // The tools outlive it.
  explicit HealthChecker(CheckTools& tools) : tools_(tools) {}

  // Checks the server at `address`. Fails with `canceled` only.
  runtime::Task<CheckOutcome> run(const HealthCheck& check, net::SocketAddress address, Duration timeout);
  void cancel();

 private:
  // For a check that only connects. The address outlives the task, here and below.
  runtime::Task<CheckResult> probe(const HealthCheck& check, const net::SocketAddress& address, Deadline deadline);
  runtime::Task<CheckResult> ask(const HealthCheck& check, const net::SocketAddress& address, Deadline deadline);
  runtime::Task<void> shake_hands(net::Connection& connection, std::string server_name, Deadline deadline);

  CheckTools& tools_;
  net::Connection* connection_ = nullptr;
  bool is_connected_ = false;
};

}  // namespace fairlead::pool
