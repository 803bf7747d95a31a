// A scripted server: answers well, or does what servers do when they are broken.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/random.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "sim/ledger.h"
#include "sim/wire.h"

namespace fairlead::sim {

// What a server does with a request.
enum class Deed {
  answer,
  hang,                // never answers
  reset_before,        // resets instead of answering
  close_before,        // closes instead of answering
  reset_within,        // resets in the middle of its answer
  close_within,        // closes in the middle of its answer
  garbage,             // no HTTP at all
  both_framings,       // Content-Length and Transfer-Encoding
  two_lengths,         // two values of Content-Length
  bad_chunk,           // a chunk size that is none
  too_many_interim,    // 1xx for ever
  answer_early,        // before it has read the request's body, and closes
  bytes_past_the_end,  // more than it announced
};

struct ServerScript {
  double wild = 0;           // chance that a request is not answered well
  Duration think{};          // up to this before an answer
  Duration idle_close{};     // closes an idle connection after up to this; 0: never
  double other_status = 0;   // chance of an answer other than 200
  bool sends_whole = false;  // its answers arrive in one piece, so that bytes past the end come with their answer
  Pace sending;
  Pace reading;
};

// Lives on the loop's thread. `loop` and `ledger` outlive it.
class Server final : private runtime::EventSource {
 public:
  Server(runtime::SimulatedLoop& loop, Ledger& ledger, net::SocketAddress address, ServerScript script,
         std::uint64_t seed)
      : loop_(loop), ledger_(ledger), address_(address), script_(script), random_(seed), tasks_(loop) {}
  // Must have crashed, and its tasks must have ended.
  ~Server();

  // Listens, where it does not yet.
  void open();
  // Ends like a killed process: nobody listens any more, every connection is reset.
  void crash();
  std::size_t tasks() const { return tasks_.size(); }

 private:
  struct Request;

  void on_ready(runtime::Readiness readiness) override;
  runtime::Task<void> serve(int descriptor);
  // False where the connection is of no further use.
  runtime::Task<bool> serve_request(Wire& wire, Head head);
  runtime::Task<ReadEnd> read_upload(Wire& wire, const Head& head, const Request& request);
  runtime::Task<bool> perform(Wire& wire, Deed deed, const Request& request);
  runtime::Task<bool> answer(Wire& wire, Deed deed, const Request& request);
  Deed next_deed();
  std::string body_text(const Request& request, bool is_chunked, bool is_broken);

  runtime::SimulatedLoop& loop_;
  Ledger& ledger_;
  net::SocketAddress address_;
  ServerScript script_;
  Random random_;
  int listener_ = -1;
  std::set<Wire*> wires_;
  runtime::TaskGroup tasks_;
};

}  // namespace fairlead::sim
