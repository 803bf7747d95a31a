// The server's side of an HTTP/1.1 connection: one request out, its response in, then perhaps the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "http/codec/body_decoder.h"
#include "http/codec/head_parser.h"
#include "http/h1_output.h"
#include "http/stream.h"
#include "http/workspace.h"
#include "net/connection.h"
#include "net/scratch.h"
#include "runtime/slab.h"

namespace fairlead::http {

// Why a connect failed, from its `errno`; safe to retry, since nothing was sent.
Error connect_error(int error);

// Bounds of one response; from the pool of its server.
struct ResponseLimits {
  std::uint32_t head_bytes = 64 * 1024;  // interim heads each count anew
  std::uint32_t fields = FieldList::kCapacity;
  ChunkLimits chunks = {};
};

// One per upstream connection. An exchange has it for itself while it uses it.
class H1Client final : public ClientStream {
 public:
  // `descriptor` is connecting or connected. `workspace` outlives it.
  H1Client(runtime::EventLoop& loop, int descriptor, Workspace& workspace);
  static void* operator new(std::size_t size) { return runtime::Slab::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { runtime::Slab::release(block, size); }

  // Waits for the connect to end. Errors: connect_refused, connect_unreachable, connect_timeout; each safe to retry.
  runtime::Task<void> connected(Deadline deadline);
  // What is sent ahead of the first request. Before that request begins.
  void set_preface(std::string preface) { preface_ = std::move(preface); }
  const std::string& preface() const { return preface_; }
  // Of the responses from here on.
  void set_limits(const ResponseLimits& limits) { limits_ = limits; }
  // The last response is of no further interest: gives back what was kept of it.
  void forget_response() { decoder_ = BodyDecoder(); }
  // True when the last exchange left the connection as it must be for another one.
  bool is_reusable() const;
  // Asks the kernel whether the server has closed it meanwhile. For requests that must not be sent twice.
  bool is_silent() { return connection_.is_silent(); }
  net::Connection& connection() { return connection_; }
  // How long the server says it keeps an idle connection (`Keep-Alive: timeout`).
  std::optional<Duration> idle_limit() const { return idle_limit_; }
  std::uint32_t exchanges() const { return exchanges_; }

  BufferWriter& begin_head(std::string_view method, std::string_view target) override;
  runtime::Task<void> send_head(OutgoingFraming framing, std::string_view upgrade) override;
  runtime::Task<void> send_body(BodyPart part, std::string_view trailer_lines) override;
  std::uint64_t body_bytes_taken() const override { return output_.body_bytes_taken(); }
  runtime::Task<void> answer_begins(Deadline deadline) override;
  bool takes_pipes() const override { return output_.takes_pipes(); }
  std::size_t most_to_send() const override { return output_.most_to_send(); }
  void receive_for(const Taker& taker) override { taker_ = &taker; }
  runtime::Task<const ResponseHead*> read_head(Method request_method, Deadline deadline) override;
  Result<BodyPart> buffered_body() override;
  runtime::Task<BodyPart> read_body(Duration idle) override;
  void allow_pipes(bool are_allowed) override {
    pipes_allowed_ = are_allowed && decoder_.bytes_left() >= connection_.loop().least_for_pipe();
  }
  std::string_view response_trailers() const override { return decoder_.trailer_lines(); }
  runtime::Task<void> switch_protocols() override;
  Transport take_transport() override { return {.connection = std::move(connection_), .unread = input_.unread()}; }
  void set_send_patience(Duration patience) override { send_patience_ = patience; }
  void cancel() override { connection_.cancel(); }

 private:
  // Waits only where it must: the failure of a small message that was given whole is found where the answer is read.
  runtime::Task<void> send(runtime::IoResult sent);
  runtime::Task<void> finish_sending(runtime::IoResult sent);
  Result<void> receive_head(const Result<void>& ready);
  Result<const ResponseHead*> take_head(Method request_method);
  // As H1Server::leave_unfinished.
  Result<const ResponseHead*> leave_unfinished(std::size_t bytes);
  std::unexpected<Error> give_up_for_memory();
  Result<BodyPart> end_of_input();
  net::PipePool::Lease pipe_for_body();
  std::uint32_t wanted(std::uint32_t most) const;
  Error lost_before_response(std::string_view detail) const;

  net::Connection connection_;
  net::Input input_;
  Workspace& workspace_;
  H1Output output_;
  BodyDecoder decoder_;
  Duration send_patience_ = std::chrono::seconds(30);
  const Taker* taker_ = nullptr;  // of what is received
  std::uint32_t read_size_ = 0;
  std::optional<Duration> idle_limit_;
  std::uint32_t head_scan_ = 0;
  std::uint32_t exchanges_ = 0;
  ResponseLimits limits_;
  std::string preface_;
  bool keep_alive_ = true;
  bool pipes_allowed_ = false;  // for the body of the latest response
  bool is_broken_ = false;
  bool response_began_ = false;  // bytes of the response have come
  bool has_response_ = false;    // its final head has
};

}  // namespace fairlead::http
