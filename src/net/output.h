// What a connection has been given to send and the kernel has not taken yet: a copy, or what is left in a pipe.
// Bounded: the next piece is sent only after the last one has left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/connection.h"
#include "net/pace.h"
#include "net/pipe_pool.h"
#include "runtime/task.h"

namespace fairlead::net {

class Output {
 public:
  // How much to receive at most, when it is to be sent over `to`, which has taken `taken` bytes of this message, or of
  // the one before. No bound while little is kept on this thread (KeptBytes). Never 0, so that whoever sends finds out
  // that there is no room.
  static std::size_t most_to_receive(const Connection& to, std::uint64_t taken);

  Output() = default;
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Sends what the kernel takes now and keeps a copy of the rest. Only while `is_empty`. The result tells of a failure;
  // a rest is no failure.
  runtime::IoResult send(Connection& connection, std::span<const iovec> pieces);
  // The same, for a message that the loop's `send_each` has tried to send.
  runtime::IoResult keep_rest(Connection& connection, const runtime::Outgoing& message);
  // As above, with the bytes of a pipe, which is kept until it is empty.
  runtime::IoResult send(Connection& connection, PipePool::Lease pipe);
  // True when everything that was given has left.
  bool is_empty() const { return rest_ == nullptr; }
  // Bytes that have not.
  std::size_t size() const;
  // `bytes` are kept as a rest that was not sent yet. Only while `is_empty`.
  void hold(std::string_view bytes);
  // Sends what the kernel takes of the rest now.
  runtime::IoResult send_rest(Connection& connection);
  // Sends the rest, waiting for no longer than what is `left` of the patience of `pace`, and gives what is left then.
  // It ends with `timed_out` when the peer has taken nothing for so long, or takes it too slowly; the end of the
  // connection is `client_gone`, whoever the peer is: the caller knows.
  runtime::Task<Duration> flush(Connection& connection, Pace pace, Duration left);
  // Forgets the rest.
  void drop();

 private:
  struct Rest;

  void keep(std::span<const iovec> pieces, std::size_t taken);

  // Null almost always: an idle connection has nothing to send.
  Rest* rest_ = nullptr;
};

}  // namespace fairlead::net
