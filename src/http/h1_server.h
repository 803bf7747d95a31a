// The client's side of an HTTP/1.1 connection: requests in, one after the other, responses out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "base/units.h"
#include "http/codec/body_decoder.h"
#include "http/codec/head_parser.h"
#include "http/codec/path.h"
#include "http/h1_output.h"
#include "http/stream.h"
#include "http/workspace.h"
#include "net/connection.h"
#include "net/proxy_protocol.h"
#include "net/scratch.h"

namespace fairlead::http {

// Limits and patience of one downstream connection; from its listener.
struct H1ServerOptions {
  Duration header_timeout{};
  Duration body_idle{};
  Duration keepalive{};
  std::size_t header_size = 0;
  std::size_t target_size = kMaxTarget;
  std::size_t fields = FieldList::kCapacity;
  ChunkLimits chunks = {};
  std::uint32_t pipelined = 1000;  // requests in a row that are there before the answer to the one before
  std::uint64_t min_rate = 0;      // of a body, in bytes a second; 0: none
  PathPolicy paths = {};

  net::Pace body_pace() const { return {.patience = body_idle, .min_rate = min_rate}; }
};

// What became of a wish to close a connection that is idle.
enum class IdleEnd : std::uint8_t { closing, too_young, busy };

// One per downstream connection; the stream of each of its exchanges in turn.
class H1Server final : public ServerStream {
 public:
  // `workspace` and `options` outlive it.
  H1Server(runtime::EventLoop& loop, int descriptor, Workspace& workspace, const H1ServerOptions& options);
  ~H1Server();
  H1Server(const H1Server&) = delete;
  H1Server& operator=(const H1Server&) = delete;

  // Reads the PROXY header that comes before the first request. Absent: the bytes are left for read_request, unless it
  // `is_required`. Errors: bad_request, request_timeout, client_gone, memory_full.
  runtime::Task<net::ProxyHeader> read_proxy_header(bool is_required);
  // Goes over to the next request. True where bytes of it are there already, pipelined behind the one before; else
  // `idle` waits for the first ones.
  bool expect_request();
  // Fails where the client waits too long between two requests, or `stop_when_idle` was called. Not a part of
  // `read_request`, so that an idle connection needs no frame for that.
  net::Connection::Wait idle();
  // Reads the head of the request that is expected. False where the client has left between two requests. Errors: those
  // of a request that is refused (the detail names the rule), request_timeout, client_gone, out_of_resources where no
  // room is left for more of an unfinished head, memory_full where none is left for a request.
  runtime::Task<bool> read_request();
  // True when another request may follow on this connection.
  bool can_continue() const;
  // Takes no further request: at once where none is being read or served, else after the one in hand.
  void stop_when_idle();
  // Whether no further request is taken because the client has pipelined as many as it may.
  bool has_pipelined_all() const { return pipelined_ >= options_.pipelined; }
  // Whether the client was given up because it moved a body below the rate.
  bool was_too_slow() const { return was_too_slow_; }
  // Closes the connection if it has waited between two requests, or for its first one, for `least`.
  IdleEnd close_if_idle(Duration least);
  // Ends our direction, and reads and drops what the client still sends, so that it gets our last words (RFC 9112,
  // 9.6). Bounded in time and bytes.
  runtime::Task<void> close_gently();
  // Ends everything that waits, at once.
  void cut();

  const RequestHead& request() const override { return workspace_.request; }
  bool is_receiving() const override { return !decoder_.is_complete(); }
  runtime::Task<BodyPart> read_body(const Taker* taker) override;
  void allow_pipes(bool are_allowed) override {
    pipes_allowed_ = are_allowed && decoder_.bytes_left() >= connection_.loop().least_for_pipe();
  }
  std::string_view request_trailers() const override { return decoder_.trailer_lines(); }
  BufferWriter& begin_head(std::uint16_t status, std::string_view reason) override;
  runtime::Task<void> send_interim_head() override;
  runtime::Task<void> send_head(OutgoingFraming framing, BodyPart first) override;
  runtime::Task<void> send_body(BodyPart part, std::string_view trailer_lines) override;
  bool takes_pipes() const override { return output_.takes_pipes(); }
  std::size_t most_to_send() const override { return output_.most_to_send(); }
  runtime::Task<void> switch_protocols(std::string_view protocol) override;
  Transport take_transport() override { return {.connection = std::move(connection_), .unread = input_.unread()}; }
  std::optional<net::ConnectionEnds> ends() const override;
  // An interim head that the client does not take is in the way of any other.
  bool response_started() const override { return response_started_ || !output_.is_flushed(); }
  void close_after_response() override { keep_alive_ = false; }
  void abort() override;
  void cut_short() override;
  void interrupt_reading() override { connection_.interrupt_reading(); }
  void interrupt() override { connection_.interrupt(); }
  void watch_departure(DepartureWatcher* watcher) override { connection_.watch_hang_up(watcher); }
  std::uint64_t bytes_received() const override { return bytes_received_; }
  std::uint64_t bytes_sent() const override { return output_.body_bytes(); }

 private:
  // Waits only where it must: for a small answer that was given whole, whoever comes next does, with `settle`.
  runtime::Task<void> send(runtime::IoResult sent);
  runtime::Task<void> settle();
  runtime::Task<void> finish_sending(runtime::IoResult sent);
  Result<bool> take_head();
  // So many bytes of a head are there, and its end is not among them: more has to come, if there is room for it.
  Result<bool> leave_unfinished(std::size_t bytes);
  void note_unfinished(std::size_t bytes);
  // Ends with the answer that says so.
  Result<bool> refuse(const Error& error);
  net::PipePool::Lease pipe_for_body();
  // Waits until the client has taken what was given; `timed_out` where it takes the response too slowly.
  runtime::Task<void> flush();
  static std::size_t wanted(const Taker* taker);

  net::Connection connection_;
  net::Input input_;
  Workspace& workspace_;
  const H1ServerOptions& options_;
  H1Output output_;
  std::unique_ptr<const net::ConnectionEnds> proxied_;  // what a PROXY header said
  BodyDecoder decoder_;
  TimePoint idle_since_;
  Duration body_patience_{};  // left for the request's body
  std::uint64_t bytes_received_ = 0;
  std::uint32_t head_scan_ = 0;  // bytes of an unfinished head; no end is among them
  std::uint32_t pipelined_ = 0;  // requests in a row
  // Bytes of the response's body that have earned time already, and what is left of that, in milliseconds.
  std::uint64_t bytes_credited_ = 0;
  std::uint32_t send_patience_ = 0;
  Method method_ = Method::get;
  std::uint8_t minor_version_ = 1;
  bool keep_alive_ = true;
  bool is_last_ = false;  // the client sends no further request
  bool pipes_allowed_ = false;
  bool response_started_ = false;
  bool is_idle_ = true;
  bool has_served_ = false;  // at least one request
  bool is_unwanted_ = false;
  bool was_too_slow_ = false;
  bool is_switched_ = false;
  bool is_cut_ = false;
};

}  // namespace fairlead::http
