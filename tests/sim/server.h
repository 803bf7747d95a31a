// A scripted server: answers well, or fails in one of the ways that servers do, and logs what it was asked.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "sim/journal.h"
#include "sim/message.h"

namespace fairlead::sim {

struct ServerPlan {
  int number = 0;
  double fault_rate = 0;
  std::vector<Fate> faults;                  // what it does at that rate
  double close_rate = 0;                     // of answers after which it ends the connection, as it says
  Duration idle = std::chrono::seconds(60);  // until it ends a connection that is not used
  Duration think = std::chrono::milliseconds(20);
  std::size_t max_body = 8 * 1024;
  bool sends_whole = false;  // what it sends arrives in one piece
};

class Server final : private runtime::EventSource {
 public:
  // All outlive it. Does not listen yet.
  Server(runtime::SimulatedLoop& loop, Random& random, Journal& journal, ServerPlan plan);
  // All its tasks must have ended.
  ~Server();

  const ServerPlan& plan() const { return plan_; }
  net::SocketAddress address() const;
  std::size_t tasks() const { return tasks_.size(); }

  void listen();
  // New connections are refused; those that are there go on.
  void refuse();
  // The process dies: connections are reset too.
  void crash();
  // New connections get no answer at all while `on`.
  void vanish(bool on);

 private:
  struct Link;

  void on_ready(runtime::Readiness readiness) override;
  runtime::Task<void> serve(int descriptor);
  // True where another request may follow on the connection.
  runtime::Task<bool> serve_request(Link& link, Head head);
  runtime::Task<bool> answer(Link& link, int id, Head head, Fate fate);
  runtime::Task<void> fail(Link& link, int id, Fate fate);
  runtime::Task<void> break_body(Link& link, int id, Fate fate);
  runtime::Task<void> serve_tunnel(Link& link, int id);
  runtime::Task<bool> answer_check(Link& link, bool keeps);
  Fate draw_fate(const Head& head);
  std::string response_head(int id, int status, std::size_t size, bool closes);
  Attempt& attempt(const Link& link);

  runtime::SimulatedLoop& loop_;
  Random& random_;
  Journal& journal_;
  ServerPlan plan_;
  runtime::TaskGroup tasks_;
  std::vector<Link*> links_;  // the oldest first: nothing may depend on where they lie in memory
  int listener_ = -1;
};

}  // namespace fairlead::sim
