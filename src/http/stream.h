// One request and its response, seen from the client's side and from the server's side, whatever the version of HTTP.
//
// An exchange knows these two only. HTTP/1 implements them on a connection (h1_server.h, h1_client.h); HTTP/2 and
// HTTP/3 would on a stream of one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "http/codec/message.h"
#include "http/codec/serializer.h"
#include "net/connection.h"
#include "net/output.h"
#include "net/pipe_pool.h"
#include "net/proxy_protocol.h"
#include "net/scratch.h"
#include "runtime/task.h"

namespace fairlead::http {

// A piece of a body: bytes that are good until the next wait of any task of the worker, or bytes in a pipe.
struct BodyPart {
  std::string_view data = {};
  bool is_last = false;
  net::PipePool::Lease pipe = {};
};

// How a message that is sent says where its body ends.
struct OutgoingFraming {
  // `chunked` stands for "unknown until it ends": a version without chunks finds its own way.
  Framing framing = Framing::none;
  // With `length`, the size. With `none`, a size to state without a body (an answer to HEAD, a 304).
  std::optional<std::uint64_t> content_length = {};

  // The framing of a message that is passed on.
  static OutgoingFraming of(const RequestHead& head);
  static OutgoingFraming of(const ResponseHead& head, Method request_method);
};

// The raw connection below a stream, once both sides have agreed to leave HTTP.
struct Transport {
  net::Connection connection;
  std::string_view unread;  // was received already; good until the next wait, while the stream is there
};

// Told that nobody waits for a response any more.
using DepartureWatcher = net::HangUpWatcher;

// Whoever sends on what a stream receives.
class Taker {
 public:
  // How much its peer takes just now, where memory for what peers do not take runs short; else without a bound. Never
  // 0. Asked when bytes have come: much may have changed since they were waited for.
  virtual std::size_t most_to_send() const = 0;

 protected:
  ~Taker() = default;
};

// The client's side of one exchange.
class ServerStream : public Taker {
 public:
  // The request, in the worker's workspace: good until the first wait.
  virtual const RequestHead& request() const = 0;
  // True until the last part of the request's body has been read.
  virtual bool is_receiving() const = 0;
  // The next part of the request's body, for `taker`, if anybody is there. Errors: bad_request, trailers_too_large,
  // chunk_extensions_too_long, request_timeout, client_gone, memory_full.
  virtual runtime::Task<BodyPart> read_body(const Taker* taker) = 0;
  // From here on parts of the request's body may come in pipes.
  virtual void allow_pipes(bool are_allowed) = 0;
  // Trailer lines of the request, once its last part was read.
  virtual std::string_view request_trailers() const = 0;

  // Begins the head of a response, or of an interim one (1xx). The caller appends its field lines, without any that
  // frame the message or the connection, and calls one of the two below without a wait in between.
  virtual BufferWriter& begin_head(std::uint16_t status, std::string_view reason) = 0;
  virtual runtime::Task<void> send_interim_head() = 0;
  virtual runtime::Task<void> send_head(OutgoingFraming framing, BodyPart first) = 0;
  virtual runtime::Task<void> send_body(BodyPart part, std::string_view trailer_lines) = 0;
  // Whether `send_body` takes parts in pipes for the message that was begun.
  virtual bool takes_pipes() const = 0;
  // Leaves HTTP: sends the head of a 101.
  virtual runtime::Task<void> switch_protocols(std::string_view protocol) = 0;
  // Then: the connection. The stream ends with that.
  virtual Transport take_transport() = 0;

  // Who is connected to what, as far as that is an IP address; behind a PROXY header, as it says.
  virtual std::optional<net::ConnectionEnds> ends() const = 0;

  // Whether it is too late to begin another response.
  virtual bool response_started() const = 0;
  // Nothing more comes after this response, and the client is told so.
  virtual void close_after_response() = 0;
  // Gives the client up, at once; what it has not read yet may be lost. Never fails.
  virtual void abort() = 0;
  // Stops a response that cannot be completed, so that the client does not take it for whole. Where the framing shows
  // the cut by itself, the client still gets all that was sent before. Never fails.
  virtual void cut_short() = 0;
  // Ends a pending `read_body` with `canceled`.
  virtual void interrupt_reading() = 0;
  // Ends whatever waits for the client just now with `canceled`.
  virtual void interrupt() = 0;
  // Tells `watcher`, at most once, when the client leaves from here on; null: nobody. A client that had ended its
  // direction with its request only half-closes: it is served.
  virtual void watch_departure(DepartureWatcher* watcher) = 0;
  // Body bytes so far, in both directions.
  virtual std::uint64_t bytes_received() const = 0;
  virtual std::uint64_t bytes_sent() const = 0;

 protected:
  ~ServerStream() = default;
};

// The server's side of one try of an exchange.
class ClientStream : public Taker {
 public:
  virtual ~ClientStream() = default;

  // Begins the head of a request; as ServerStream::begin_head.
  virtual BufferWriter& begin_head(std::string_view method, std::string_view target) = 0;
  virtual runtime::Task<void> send_head(OutgoingFraming framing, std::string_view upgrade) = 0;
  virtual runtime::Task<void> send_body(BodyPart part, std::string_view trailer_lines) = 0;
  // How much of the body the server's system has taken so far.
  virtual std::uint64_t body_bytes_taken() const = 0;
  // Ends when the first bytes of the response are there; they are left for `read_head`. Errors: as those of it.
  virtual runtime::Task<void> answer_begins(Deadline deadline) = 0;
  // As ServerStream::takes_pipes.
  virtual bool takes_pipes() const = 0;
  // What is received from here on, the head included, is for `taker`, which outlives that.
  virtual void receive_for(const Taker& taker) = 0;
  // The next head of the response, interim ones included, in the worker's workspace: good until the next wait.
  // Errors: reset_before_response, bad_response, response_too_large, response_timeout, memory_full.
  virtual runtime::Task<const ResponseHead*> read_head(Method request_method, Deadline deadline) = 0;
  // The part of the body that came with the head; empty where none did. Never waits.
  virtual Result<BodyPart> buffered_body() = 0;
  // The next part of the body. Errors: reset_mid_response, bad_response, response_too_large,
  // response_timeout after `idle`.
  virtual runtime::Task<BodyPart> read_body(Duration idle) = 0;
  // From here on parts of the response's body may come in pipes.
  virtual void allow_pipes(bool are_allowed) = 0;
  virtual std::string_view response_trailers() const = 0;
  // After a 101: sends what the server has not taken of the request. Errors: those of `send_head`.
  virtual runtime::Task<void> switch_protocols() = 0;
  // Then: the connection. The stream ends with that.
  virtual Transport take_transport() = 0;
  // How long the server may take nothing of what is sent from here on; 30 s unless set.
  virtual void set_send_patience(Duration patience) = 0;
  // Ends whatever waits on this stream with `canceled`, now and later.
  virtual void cancel() = 0;
};

}  // namespace fairlead::http
