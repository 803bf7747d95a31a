// What servers and clients of one run did and saw, and what of it broke a promise.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace fairlead::sim {

// How a server treats a request that it got.
enum class Fate : std::uint8_t {
  answered,      // a whole, valid response
  early_answer,  // the same, before the request's body was read
  past_the_end,  // the same, and then bytes that belong to nothing
  tunnel,        // 101, then an echo
  hang,          // no answer at all
  stop_reading,  // no answer, and the body is not read
  reset_before,  // the connection ends without an answer
  close_before,
  reset_in_head,
  close_in_head,
  reset_in_body,
  close_in_body,
  stall_in_body,
  bad_chunk,  // the framing of the body breaks off
  garbage,
  both_framings,
  two_lengths,
  flood,    // interim responses without end
  aborted,  // the request never came whole
};

std::string_view word(Fate fate);

// A request as one server saw it.
struct Attempt {
  int server = 0;
  std::string method;
  Fate fate = Fate::answered;
  int status = 0;        // that it answered with
  bool is_done = false;  // the server has sent all that it meant to
  TimePoint began{};
  bool asks_for_body = false;  // it sent a 100
  TimePoint ended{};           // of a hang: when the proxy gave up
  bool is_uncertain = false;   // the connection died of something else: nothing follows from the fate
};

// How a request ended for its client.
enum class Ending : std::uint8_t {
  unsent,       // the connection had ended before it was sent whole
  pending,      // no end yet
  answered,     // a whole response
  cut,          // the connection ended within the response, or by a reset
  closed,       // the connection ended in order, with no byte of a response
  no_patience,  // the client gave up
};

std::string_view word(Ending ending);

struct Conduct {
  bool is_fair = true;           // sends all in time, reads all, stays
  bool is_first = true;          // on its connection
  bool is_pipelined = false;     // behind another one
  bool is_followed = false;      // by another one, before its answer
  bool is_slow = false;          // takes or gives bytes slowly, within the limits
  bool leaves = false;           // having sent all
  bool expects_refusal = false;  // is no HTTP, or comes too slowly
  int refusal = 0;               // the status of a request whose head is beyond a limit; 0: it is not
};

struct Outcome {
  std::string method;
  Conduct conduct;
  std::size_t body = 0;      // bytes of the request's
  bool states_size = false;  // by its Content-Length
  TimePoint began{};
  TimePoint ended{};
  Ending ending = Ending::unsent;
  bool tunnel_is_whole = false;     // each line came back
  bool was_asked_for_body = false;  // a 100 came
  int status = 0;
  int server = 0;           // whose answer it is; 0: the proxy's own
  int client = 0;           // who asked
  bool has_cookie = false;  // was sent with one
  bool was_full = false;    // the connection was refused
  bool was_shed = false;    // there was no room for the request just now
};

struct Journal {
  std::map<int, std::vector<Attempt>> attempts;  // by request
  std::map<int, Outcome> outcomes;
  std::vector<std::string> violations;
  std::size_t answers = 0;  // that servers gave in full
};

}  // namespace fairlead::sim
