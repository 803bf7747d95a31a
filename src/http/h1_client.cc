#include "http/h1_client.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace fairlead::http {

namespace {

// What a socket buffer holds at first (tcp(7), `tcp_rmem`): a response that came whole is taken in one call.
constexpr std::uint32_t kFirstRead = 128 * 1024;
// Behind a response whose body went through a pipe, one more of the kind is likely: what is taken with its head would
// be copied.
constexpr std::uint32_t kFirstReadBehindPipe = 4 * 1024;

Error bad_response(std::string_view detail) {
  return {.code = ErrorCode::bad_response, .blame = Blame::upstream, .detail = detail};
}

Error error_of(const Refusal& refusal) {
  const ErrorCode code = is_limit(refusal.rule) ? ErrorCode::response_too_large : ErrorCode::bad_response;
  return {.code = code, .blame = Blame::upstream, .detail = refusal.text};
}

Error response_timeout(std::string_view detail) {
  return {.code = ErrorCode::response_timeout, .blame = Blame::upstream, .detail = detail};
}

}  // namespace

Error connect_error(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
      // Ours, whatever server it was for.
      return {.code = ErrorCode::out_of_resources, .detail = "no descriptor, port or memory left for a connection"};
    default:
      break;
  }
  const bool is_refused = error == ECONNREFUSED || error == ENOENT;
  return {.code = is_refused ? ErrorCode::connect_refused : ErrorCode::connect_unreachable,
          .blame = Blame::upstream,
          .retry_is_safe = true,
          .detail = is_refused ? "nothing is listening there" : "no network path to the server"};
}

H1Client::H1Client(runtime::EventLoop& loop, int descriptor, Workspace& workspace)
    : connection_(loop, descriptor),
      input_(workspace.scratch),
      workspace_(workspace),
      output_(connection_, workspace) {}

runtime::Task<void> H1Client::connected(Deadline deadline) {
  const Result<void> ended = co_await with_result(connection_.writable(deadline));
  if (!ended && ended.error().code == ErrorCode::timed_out) {
    co_await runtime::fail({.code = ErrorCode::connect_timeout,
                            .blame = Blame::upstream,
                            .retry_is_safe = true,
                            .detail = "the server did not accept a connection in time"});
  }
  co_await Result<void>(ended);
  const int error = connection_.loop().connect_error(connection_.descriptor());
  if (error != 0) co_await runtime::fail(connect_error(error));
}

bool H1Client::is_reusable() const {
  return keep_alive_ && has_response_ && !is_broken_ && decoder_.is_complete() && output_.is_complete() &&
         output_.is_settled() && input_.unread().empty() && !connection_.is_lost() && !connection_.has_hung_up() &&
         !connection_.is_canceled();
}

BufferWriter& H1Client::begin_head(std::string_view method, std::string_view target) {
  BufferWriter& writer = output_.begin();
  if (exchanges_ == 0) writer.append(preface_);
  write_request_line(writer, method, target);
  return writer;
}

runtime::Task<void> H1Client::send_head(OutgoingFraming framing, std::string_view upgrade) {
  BufferWriter& writer = output_.raw_writer();
  ++exchanges_;
  response_began_ = false;
  has_response_ = false;
  head_scan_ = 0;
  if (!upgrade.empty()) {
    write_field(writer, "Connection", "upgrade");
    write_field(writer, "Upgrade", upgrade);
  }
  write_framing(writer, framing.framing, framing.content_length.value_or(0));
  end_head(writer);
  const bool is_empty = framing.framing == Framing::length && framing.content_length.value_or(0) == 0;
  return send(output_.send_head(framing.framing, {.is_last = is_empty}));
}

runtime::Task<void> H1Client::send_body(BodyPart part, std::string_view trailer_lines) {
  // Never left: a server may answer without reading a body, and whoever waits for that must not wait for this.
  return finish_sending(output_.send_part(std::move(part), trailer_lines));
}

runtime::Task<void> H1Client::send(runtime::IoResult sent) {
  if (sent.ok() && output_.leave()) return runtime::done();
  return finish_sending(sent);
}

runtime::Task<void> H1Client::finish_sending(runtime::IoResult sent) {
  output_.take_back();
  if (output_.is_batched()) {
    co_await output_.batched();
    sent = output_.sent();
  }
  if (sent.ok() && output_.is_flushed()) co_return;
  Result<Duration> outcome;
  if (sent.ok()) outcome = co_await output_.flush({send_patience_}, send_patience_).result();
  if (sent.ok() && outcome) co_return;
  is_broken_ = true;
  if (sent.error == ENOBUFS) {
    co_await runtime::fail(
        {.code = ErrorCode::header_too_large, .blame = Blame::downstream, .detail = "the request head is too large"});
  }
  if (!outcome && outcome.error().code == ErrorCode::canceled) co_await runtime::fail(outcome.error());
  if (!outcome && outcome.error().code == ErrorCode::timed_out) {
    co_await runtime::fail(response_timeout("the server stopped reading the request"));
  }
  co_await runtime::fail(lost_before_response("the server closed the connection while we sent"));
}

Error H1Client::lost_before_response(std::string_view detail) const {
  return {.code = ErrorCode::reset_before_response,
          .blame = Blame::upstream,
          .retry_if_idempotent = !response_began_,
          .detail = detail};
}

runtime::Task<const ResponseHead*> H1Client::read_head(Method request_method, Deadline deadline) {
  // A head may already be there, behind an interim one.
  if (!input_.unread().empty()) {
    const ResponseHead* head = co_await take_head(request_method);
    if (head != nullptr) co_return head;
  }
  while (true) {
    const Result<void> ready = co_await with_result(connection_.readable(deadline));
    if (output_.is_stuck()) co_await finish_sending(output_.sent());
    co_await receive_head(ready);
    const ResponseHead* head = co_await take_head(request_method);
    if (head != nullptr) co_return head;
  }
}

runtime::Task<void> H1Client::answer_begins(Deadline deadline) {
  while (input_.unread().empty()) {
    const Result<void> ready = co_await with_result(connection_.readable(deadline));
    if (output_.is_stuck()) co_await finish_sending(output_.sent());
    co_await receive_head(ready);
  }
}

// Reads once, after a wait that ended so.
Result<void> H1Client::receive_head(const Result<void>& ready) {
  if (!ready && ready.error().code == ErrorCode::timed_out) {
    return std::unexpected(response_timeout("connected, but no response within `timeouts.first_byte`"));
  }
  if (!ready) return ready;
  const runtime::IoResult got = input_.fill(connection_, wanted(pipes_allowed_ ? kFirstReadBehindPipe : kFirstRead));
  if (got.would_block()) return {};
  if (!got.ok() || got.count == 0) {
    is_broken_ = true;
    return std::unexpected(response_began_ ? bad_response("the response head ends in the middle")
                                           : lost_before_response("the server closed the connection before answering"));
  }
  response_began_ = true;
  return {};
}

Result<const ResponseHead*> H1Client::take_head(Method request_method) {
  const ParseLimits limits{.head_bytes = limits_.head_bytes, .max_fields = limits_.fields};
  const std::string_view unread = input_.unread();
  std::uint32_t scanned = head_scan_;
  if (scanned != 0 && !find_head_end(unread, limits, scanned)) return leave_unfinished(unread.size());
  const HeadParse parsed = parse_response_head(unread, limits, request_method, workspace_.response);
  if (parsed.status == HeadParse::Status::incomplete) return leave_unfinished(unread.size());
  if (parsed.status == HeadParse::Status::refused) {
    is_broken_ = true;
    return std::unexpected(error_of(parsed.refusal));
  }
  input_.consume(parsed.consumed);
  head_scan_ = 0;
  const ResponseHead& head = workspace_.response;
  keep_alive_ = head.keep_alive;
  has_response_ = head.status >= 200;
  if (head.keep_alive_timeout) idle_limit_ = head.keep_alive_timeout;
  decoder_ = BodyDecoder(head.framing, head.content_length, limits_.chunks);
  read_size_ = kFirstRead;
  pipes_allowed_ = false;
  return &head;
}

Result<const ResponseHead*> H1Client::leave_unfinished(std::size_t bytes) {
  head_scan_ = static_cast<std::uint32_t>(bytes);
  if (bytes == 0 || workspace_.memory.has_room_for_request()) return nullptr;
  return give_up_for_memory();
}

std::unexpected<Error> H1Client::give_up_for_memory() {
  is_broken_ = true;
  return std::unexpected(kMemoryFull);
}

runtime::Task<void> H1Client::switch_protocols() {
  // Whoever speaks first may have agreed before it has read the request.
  if (!output_.is_settled()) co_await finish_sending(output_.sent());
}

Result<BodyPart> H1Client::buffered_body() {
  const BodyStep step = decoder_.feed(input_.unread());
  input_.consume(step.consumed);
  if (step.status == BodyStep::Status::refused) {
    is_broken_ = true;
    return std::unexpected(error_of(http::refusal(step.rule)));
  }
  const bool may_grow = decoder_.keeps_trailers() && !decoder_.is_complete();
  if (may_grow && !workspace_.memory.has_room_for_request()) return give_up_for_memory();
  // The end of a chunked body often comes with its last data: then both are passed on in one piece. What stands there
  // is the end of the last chunk, and the chunk that ends the body.
  if (step.status == BodyStep::Status::data && decoder_.framing() == Framing::chunked &&
      input_.unread().starts_with("\r\n0\r\n\r\n")) {
    input_.consume(decoder_.feed(input_.unread()).consumed);
  }
  return BodyPart{step.data, decoder_.is_complete()};
}

runtime::Task<BodyPart> H1Client::read_body(Duration idle) {
  while (true) {
    BodyPart part = co_await buffered_body();
    if (!part.data.empty() || part.is_last) co_return part;
    const Result<void> ready =
        co_await with_result(connection_.readable(deadline_after(connection_.loop().now(), idle)));
    if (!ready) {
      is_broken_ = true;
      if (ready.error().code == ErrorCode::timed_out) {
        co_await runtime::fail(response_timeout("the response stalled for longer than `timeouts.idle`"));
      }
      co_await Result<void>(ready);
    }
    net::PipePool::Lease pipe = pipe_for_body();
    const runtime::IoResult got =
        pipe ? connection_.receive(*pipe, decoder_.bytes_left()) : input_.fill(connection_, wanted(read_size_));
    if (got.would_block()) continue;
    if (!got.ok() || got.count == 0) co_return co_await end_of_input();
    if (pipe != nullptr) {
      decoder_.skip(got.count);
      co_return BodyPart{.is_last = decoder_.is_complete(), .pipe = std::move(pipe)};
    }
    // A read that was filled says that more is waiting: bigger reads cost less per byte.
    read_size_ = got.count == read_size_ ? std::min(read_size_ * 4, std::uint32_t{Workspace::kMaxRead}) : kFirstRead;
  }
}

std::uint32_t H1Client::wanted(std::uint32_t most) const {
  return taker_ == nullptr ? most : static_cast<std::uint32_t>(std::min<std::size_t>(most, taker_->most_to_send()));
}

net::PipePool::Lease H1Client::pipe_for_body() {
  return pipes_allowed_ ? workspace_.pipes.take(connection_.loop()) : net::PipePool::Lease();
}

Result<BodyPart> H1Client::end_of_input() {
  keep_alive_ = false;
  if (!connection_.is_lost() && decoder_.end_of_stream()) return BodyPart{{}, true};
  is_broken_ = true;
  return std::unexpected(Error{.code = ErrorCode::reset_mid_response,
                               .blame = Blame::upstream,
                               .detail = "the server closed the connection part-way through its response"});
}

}  // namespace fairlead::http
