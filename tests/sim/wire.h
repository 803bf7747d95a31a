// A scripted peer's end of a connection: sends at a pace of its own and reads messages by the strictest rules.
//
// Reads with code of its own, not with the codec under test.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/connection.h"
#include "runtime/task.h"

namespace fairlead::sim {

// How a peer sends and reads: at most `piece` bytes at a time, with up to `pause` in between.
struct Pace {
  std::size_t piece = std::size_t{64} * 1024;
  Duration pause{};
};

// How a read of a part of a message ended.
enum class ReadEnd {
  complete,
  ended,      // the end of the stream came first
  reset,      // a reset came first
  timed_out,  // nothing came in time
  canceled,   // the simulation ends this peer
  malformed   // not HTTP/1.1 as a strict reader takes it
};

std::string_view name_of(ReadEnd end);

struct Head {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case

  // Null where there is none of that name.
  const std::string* find(std::string_view name) const;
  int count(std::string_view name) const;
  // The second word of a status line; 0 where it is none.
  int status() const;
};

// What decides where a body ends, besides the head.
enum class BodyOf { request, response, bodiless_response };

class Wire {
 public:
  // Takes the descriptor over. `random` outlives it.
  Wire(runtime::EventLoop& loop, int descriptor, Random& random, Pace sending, Pace reading)
      : connection_(loop, descriptor), random_(random), sending_(sending), reading_(reading) {}

  net::Connection& connection() { return connection_; }
  runtime::EventLoop& loop() const { return connection_.loop(); }

  // Sends all of it. False where the peer no longer takes it.
  runtime::Task<bool> send(std::string bytes);
  // Reads a head, with the line that ends it.
  runtime::Task<ReadEnd> read_head(Head& head, Deadline deadline);
  // Reads the body that follows; what has come of it is in `body` however that ends.
  runtime::Task<ReadEnd> read_body(const Head& head, BodyOf kind, std::string& body, Deadline deadline);
  // Reads until something other than data happens.
  runtime::Task<ReadEnd> read_to_end(Deadline deadline);
  // What has come and was not read yet.
  const std::string& unread() const { return unread_; }

 private:
  // Waits for more bytes: `complete` when there are.
  runtime::Task<ReadEnd> receive(Deadline deadline);
  runtime::Task<ReadEnd> read_line(std::string& line, Deadline deadline);
  runtime::Task<ReadEnd> read_bytes(std::size_t count, std::string& into, Deadline deadline);
  runtime::Task<ReadEnd> read_chunks(std::string& body, Deadline deadline);

  net::Connection connection_;
  Random& random_;
  Pace sending_;
  Pace reading_;
  std::string unread_;
};

}  // namespace fairlead::sim
