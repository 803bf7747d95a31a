// A scripted client: sends requests in batches, well or badly, and notes how each one ended.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/wait.h"
#include "sim/journal.h"
#include "sim/message.h"

namespace fairlead::sim {

// What a client does with a batch of requests; the first three are fair.
enum class Manner : std::uint8_t {
  plain,
  slow_sender,
  slow_reader,
  half_head,  // leaves within a head
  half_body,  // leaves within a body
  leaves,     // sends all, and does not wait for the answers
  stalls,     // stops within a head or a body, and waits
  garbage,    // speaks no HTTP
};

struct ClientPlan {
  int batches = 1;
  int pipeline = 1;  // the most requests in one batch
  double unfair_rate = 0;
  double slow_rate = 0;
  double close_rate = 0;  // of requests that ask for the end of the connection
  double upgrade_rate = 0;
  double old_rate = 0;  // of HTTP/1.0
  std::size_t max_body = 4 * 1024;
  std::optional<std::size_t> edge;  // some bodies have this size, or a byte more
  std::size_t longest_target = 0;   // some targets are as long, or a byte longer; 0: none
  std::size_t most_fields = 0;      // some heads have as many fields, or one more; 0: none
  int number = 0;
  bool is_known = false;  // it says who it is, and sends cookies back
  Duration max_think = std::chrono::milliseconds(500);
};

class Client {
 public:
  // All outlive it. `next_id` numbers the requests of all clients.
  Client(runtime::SimulatedLoop& loop, Random& random, Journal& journal, net::SocketAddress proxy, ClientPlan plan,
         int& next_id);

  runtime::Task<void> run();

 private:
  struct Request {
    int id = 0;
    int refusal = 0;
    std::string method;
    std::string head;
    std::string body;  // framed
    std::size_t body_size = 0;
    bool states_size = false;
    bool expects = false;
    bool closes = false;
    bool upgrades = false;
    bool is_old = false;
    bool has_cookie = false;
  };

  runtime::Task<void> run_batch();
  runtime::Task<void> send_batch();
  runtime::Task<void> send_request(const Request& request);
  runtime::Task<void> misbehave(const Request& request);
  runtime::Task<void> receive_batch();
  runtime::Task<void> receive_response(const Request& request, bool& goes_on);
  runtime::Task<Head> receive_head(const Request& request);
  void note_answer(const Request& request, const Head& head, const std::string& body);
  runtime::Task<void> use_tunnel(const Request& request);
  void plan_batch();
  Request make_request(Manner manner);
  // Goes up to a limit of heads, or beyond it.
  void stretch(Request& request);
  void note_end(std::size_t from, Ending ending);
  void violate(const Request& request, std::string_view what);
  bool is_unfair() const { return manner_ > Manner::slow_reader; }
  bool chance(double probability) { return random_.chance(probability); }

  runtime::SimulatedLoop& loop_;
  Random& random_;
  Journal& journal_;
  net::SocketAddress proxy_;
  ClientPlan plan_;
  int& next_id_;
  std::unique_ptr<Wire> wire_;
  bool is_fresh_ = true;  // no request was sent on this connection before
  Manner manner_ = Manner::plain;
  std::string cookie_;
  std::vector<Request> batch_;
  std::size_t answered_ = 0;  // of the batch
  runtime::Signal may_send_body_;
};

}  // namespace fairlead::sim
