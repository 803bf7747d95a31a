// Runs one health check over the network: connects, asks, reads, judges.
#pragma once

#include <string>

#include "base/time.h"
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

// One check at a time; `cancel` ends the one that runs, if any. Belongs to the control thread.
class HealthChecker {
 public:
  // Both outlive it.
  HealthChecker(runtime::EventLoop& loop, net::TlsClients& tls) : loop_(loop), tls_(tls) {}

  // Checks the server at `address`. Fails with `canceled` only.
  runtime::Task<CheckOutcome> run(const HealthCheck& check, net::SocketAddress address, Duration timeout);
  void cancel();

 private:
  runtime::Task<CheckResult> ask(const HealthCheck& check, net::SocketAddress address, Deadline deadline);

  runtime::Task<void> shake_hands(net::Connection& connection, std::string server_name, Deadline deadline);

  runtime::EventLoop& loop_;
  net::TlsClients& tls_;
  net::Connection* connection_ = nullptr;
  bool is_connected_ = false;
};

}  // namespace fairlead::pool
