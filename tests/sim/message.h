// HTTP/1.1 as the scripted peers of the simulation speak it: small, strict, and independent of the codec under test.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "net/connection.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace fairlead::sim {

// How a peer handles its connection: at most `piece` bytes per call, with `pause` before each.
struct Pace {
  std::size_t piece = 64 * 1024;
  Duration pause{};
};

// One end of a connection, with what it has read and not used. Reads end with `client_gone` at the end of the stream,
// `reset_mid_response` on a reset, and as net::Connection says.
class Wire {
 public:
  // Takes the descriptor over. Every wait for the peer gives up after `patience`.
  Wire(runtime::EventLoop& loop, int descriptor, Duration patience)
      : connection_(loop, descriptor), patience_(patience) {}

  net::Connection& connection() { return connection_; }
  const std::string& unread() const { return unread_; }
  void read_at(Pace pace) { read_pace_ = pace; }

  runtime::Task<void> send(std::string bytes, Pace pace = {});
  // Up to and with the empty line.
  runtime::Task<std::string> read_head(Duration patience);
  runtime::Task<std::string> read_line();
  runtime::Task<std::string> read(std::size_t count);
  runtime::Task<std::string> read_to_end();
  // Waits until the peer has ended, dropping what it sends.
  runtime::Task<void> drain();
  // Ends everything that waits; the peer sees a reset.
  void cut();

 private:
  runtime::Task<void> fill(Deadline deadline);

  net::Connection connection_;
  Duration patience_;
  Pace read_pace_;
  std::string unread_;
};

// A head in parts; names in lower case.
struct Head {
  std::string first_line;
  std::multimap<std::string, std::string> fields;

  // The value of a field that occurs once, or empty.
  std::string value(const std::string& name) const;
  bool has(const std::string& name) const { return fields.contains(name); }
  // Of a response; 0 where the first line is none.
  int status() const;
  // Of a request.
  std::string method() const { return first_line.substr(0, first_line.find(' ')); }
  std::string target() const;
};

// Empty where a line breaks the grammar.
std::optional<Head> parse_head(std::string_view text);

// The body behind a head. `bad_response` where the framing is none or ambiguous. `until_close`: a response without
// framing goes on to the end.
runtime::Task<std::string> read_body(Wire& wire, const Head& head, bool until_close);

// What message `id` carries: `size` bytes that no other message has. `side` tells requests from responses.
std::string content(int id, char side, std::size_t size);

// `body` in chunks of `chunk` bytes, with a last chunk and perhaps a trailer.
std::string chunked(std::string_view body, std::size_t chunk, bool with_trailer);

}  // namespace fairlead::sim
