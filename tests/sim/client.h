// A scripted client: sends requests at its own pace, some of them behind one another, and judges every answer.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/random.h"
#include "net/socket_address.h"
#include "runtime/event_loop.h"
#include "runtime/wait.h"
#include "sim/ledger.h"
#include "sim/wire.h"

namespace fairlead::sim {

struct ClientScript {
  TimePoint begins{};
  int requests = 1;
  std::size_t window = 1;  // requests on their way at once
  std::size_t max_body = 2000;
  double post_share = 0.3;
  double head_share = 0.1;
  Duration think{};            // up to this between two requests
  Deadline vanishes = kNever;  // leaves at that moment, whatever is going on
  bool vanishes_by_reset = false;
  bool closes = false;  // says so with its last request
  bool is_old = false;  // speaks HTTP/1.0; then one request
  Pace sending;
  Pace reading;
};

// What one client saw. Lives as long as its task.
class Client {
 public:
  // `loop` and `ledger` outlive it.
  Client(runtime::EventLoop& loop, Ledger& ledger, ClientScript script, std::uint64_t seed)
      : loop_(loop), ledger_(ledger), script_(script), random_(seed), has_room_(loop) {}

  // One connection, from its beginning to its end.
  runtime::Task<void> run(net::SocketAddress proxy);

 private:
  // No client waits for longer: with the limits that the simulation sets, its answer or its end has come by then.
  static constexpr Duration kPatience = std::chrono::minutes(5);

  runtime::Task<void> send_requests(Wire& wire);
  runtime::Task<void> read_answers(Wire& wire);
  // Reads the answer to the oldest request. False where nothing may follow it.
  runtime::Task<bool> read_answer(Wire& wire);
  void judge(std::uint64_t id, const Head& head, const std::string& body, ReadEnd end);
  runtime::Task<void> expect_silence(Wire& wire);
  std::string request_text(std::uint64_t id, bool is_last);
  void complain(std::uint64_t id, std::string_view what, ReadEnd end);

  runtime::EventLoop& loop_;
  Ledger& ledger_;
  ClientScript script_;
  Random random_;
  std::deque<std::uint64_t> waiting_;
  int to_send_ = 0;
  bool has_ended_ = false;
  runtime::Signal has_room_;
  Deadline deadline_ = kNever;
};

}  // namespace fairlead::sim
