// What both ends of an HTTP/1 connection share in sending: a head, then a body as it is framed, in as few calls as can
// be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "http/codec/serializer.h"
#include "http/stream.h"
#include "http/workspace.h"
#include "net/connection.h"
#include "net/output.h"

namespace fairlead::http {

// The sending half of a connection for one message after the other.
class H1Output {
 public:
  H1Output(net::Connection& connection, Workspace& workspace) : connection_(connection), workspace_(workspace) {}
  ~H1Output();
  H1Output(const H1Output&) = delete;
  H1Output& operator=(const H1Output&) = delete;

  // A writer over the workspace's output memory, with nothing written.
  BufferWriter& begin();
  // The writer of the head that was begun.
  BufferWriter& raw_writer() { return workspace_.writer; }
  // Sends the head that was begun, with the first part of the body if there is one. ENOBUFS where the head did not fit.
  // A small message is not sent yet: see `is_batched`.
  runtime::IoResult send_head(Framing framing, const BodyPart& first);
  // Sends a part of the body; framing as the head said.
  runtime::IoResult send_part(BodyPart part, std::string_view trailer_lines);
  // As Taker::most_to_send.
  std::size_t most_to_send() const { return net::Output::most_to_receive(connection_, body_bytes_sent()); }
  // Whether parts may come in pipes: only where they are sent as they are.
  bool takes_pipes() const { return framing_ == Framing::length; }
  // The last message waits for the end of the turn: await `batched()`, then ask `sent()` how it went; or `leave` it.
  bool is_batched() const { return place_ != kNoPlace; }
  BatchedSend batched() { return BatchedSend(*this); }
  runtime::IoResult sent() const { return {.error = sent_error_}; }
  // For `BatchedSend` and its batch.
  void call_when_sent(BatchedSend& waiting) { workspace_.batch.call(waiting, place_); }
  int descriptor() const { return connection_.descriptor(); }
  void note_sent(const runtime::Outgoing& message, BatchedSend* waiting);
  // True where nobody has to wait for what was given: the message is whole, and all of it has left or is batched. From
  // here on, whoever waits to read from the connection is woken should the kernel not take it; see `is_stuck`.
  bool leave();
  // A message that was left is still here: ask `sent`, then flush.
  bool is_stuck() const { return is_left_ && !is_batched() && (sent_error_ != 0 || !is_flushed()); }
  // The message is no longer left: somebody waits for it.
  void take_back() { is_left_ = false; }
  // Everything that was given has been taken by the kernel.
  bool is_settled() const { return !is_batched() && sent_error_ == 0 && is_flushed(); }
  // Sends what the kernel did not take; see net::Output::flush.
  bool is_flushed() const { return output_.is_empty(); }
  runtime::Task<Duration> flush(net::Pace pace, Duration left) { return output_.flush(connection_, pace, left); }

  // Whether the client can tell that the body of this message is not whole, when the connection ends here.
  bool shows_truncation() const { return framing_ == Framing::length || framing_ == Framing::chunked; }
  // True once the last part of a body has been given.
  bool is_complete() const { return is_complete_; }
  std::uint64_t body_bytes() const { return body_bytes_; }
  // Of these, what our system has taken.
  std::uint64_t body_bytes_sent() const { return body_bytes_ - std::min<std::uint64_t>(body_bytes_, output_.size()); }
  // Of these, what has reached the peer's system.
  std::uint64_t body_bytes_taken() const {
    return body_bytes_ - std::min<std::uint64_t>(body_bytes_, output_.size() + connection_.unsent());
  }

 private:
  runtime::IoResult send_pieces(std::string_view head, const BodyPart& part, std::string_view trailer_lines);

  static constexpr SendBatch::Place kNoPlace = ~SendBatch::Place{0};

  net::Connection& connection_;
  Workspace& workspace_;
  net::Output output_;
  SendBatch::Place place_ = kNoPlace;  // in the batch
  int sent_error_ = 0;                 // of the last batched message
  std::uint64_t body_bytes_ = 0;
  Framing framing_ = Framing::none;
  bool is_complete_ = true;
  bool is_left_ = false;
};

}  // namespace fairlead::http
