#include "http/h1_server.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/wait.h"

namespace fairlead::http {

namespace {

constexpr std::size_t kHeadRead = std::size_t{16} * 1024;
constexpr std::size_t kBodyRead = std::size_t{64} * 1024;
constexpr Duration kLingerTime = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = std::size_t{256} * 1024;

constexpr Error kNoRoomForHead{.code = ErrorCode::out_of_resources,
                               .blame = Blame::downstream,
                               .detail = "unfinished request heads use all memory of `limits.kept_heads`"};
constexpr Error kClientGone{.code = ErrorCode::client_gone, .blame = Blame::downstream};

// A wait for the client that ended badly, as the exchange reports it.
Error waiting_error(const Error& error, std::string_view what) {
  if (error.code == ErrorCode::timed_out) {
    return {.code = ErrorCode::request_timeout, .blame = Blame::downstream, .detail = what};
  }
  return error;
}

Error error_of(const Refusal& refusal) {
  const ErrorCode code = [&] {
    if (refusal.rule == Rule::trailers_too_large) return ErrorCode::trailers_too_large;
    if (refusal.rule == Rule::chunk_extensions_too_long) return ErrorCode::chunk_extensions_too_long;
    switch (refusal.status) {
      case 414:
        return ErrorCode::uri_too_long;
      case 431:
        return ErrorCode::header_too_large;
      case 417:
        return ErrorCode::expectation_failed;
      case 501:
        return ErrorCode::not_implemented;
      case 505:
        return ErrorCode::version_not_supported;
      default:
        return ErrorCode::bad_request;
    }
  }();
  return {.code = code, .blame = Blame::downstream, .detail = refusal.text};
}

}  // namespace

H1Server::H1Server(runtime::EventLoop& loop, int descriptor, Workspace& workspace, const H1ServerOptions& options)
    : connection_(loop, descriptor, runtime::Told::input_in_turn),
      input_(workspace.scratch),
      workspace_(workspace),
      options_(options),
      output_(connection_, workspace),
      idle_since_(loop.now()) {}

H1Server::~H1Server() { note_unfinished(0); }

void H1Server::note_unfinished(std::size_t bytes) {
  workspace_.unfinished_heads.change(head_scan_, bytes);
  head_scan_ = static_cast<std::uint32_t>(bytes);
}

runtime::Task<net::ProxyHeader> H1Server::read_proxy_header(bool is_required) {
  constexpr Error kNoHeader{
      .code = ErrorCode::bad_request, .blame = Blame::downstream, .detail = "no valid PROXY header came first"};
  const Deadline deadline = deadline_after(connection_.loop().now(), options_.header_timeout);
  while (true) {
    const net::ProxyHeader header = net::parse_proxy_header(input_.unread());
    if (header.status == net::ProxyHeader::Status::complete) input_.consume(header.consumed);
    if (header.ends) proxied_ = std::make_unique<const net::ConnectionEnds>(*header.ends);
    if (header.status == net::ProxyHeader::Status::refused) co_await runtime::fail(kNoHeader);
    if (header.status == net::ProxyHeader::Status::absent && is_required) co_await runtime::fail(kNoHeader);
    if (header.status != net::ProxyHeader::Status::incomplete) co_return header;
    const bool has_room = input_.unread().empty() || workspace_.memory.has_room_for_request();
    if (!has_room) co_await runtime::fail(kMemoryFull);
    const Result<void> ready = co_await with_result(connection_.readable(deadline));
    if (!ready) co_await runtime::fail(waiting_error(ready.error(), "the PROXY header took too long"));
    const runtime::IoResult got = input_.fill(connection_, kHeadRead);
    if (got.would_block()) continue;
    if (!got.ok() || got.count == 0) co_await runtime::fail(kClientGone);
  }
}

bool H1Server::expect_request() {
  if (has_served_) idle_since_ = connection_.loop().now();
  response_started_ = false;
  bytes_received_ = 0;
  decoder_ = BodyDecoder();
  pipes_allowed_ = false;
  // A request that is refused has neither, and its answer must not depend on the one before.
  method_ = Method::get;
  minor_version_ = 1;
  is_idle_ = input_.unread().empty();
  pipelined_ = is_idle_ ? 0 : pipelined_ + 1;
  return !is_idle_;
}

net::Connection::Wait H1Server::idle() {
  return connection_.readable(deadline_after(connection_.loop().now(), options_.keepalive));
}

runtime::Task<bool> H1Server::read_request() {
  runtime::EventLoop& loop = connection_.loop();
  if (!output_.is_settled()) co_await settle();
  // A client that was only given the rest of its last answer is idle as before.
  Deadline deadline = deadline_after(loop.now(), is_idle_ ? options_.keepalive : options_.header_timeout);
  if (!is_idle_ && co_await take_head()) co_return true;
  while (true) {
    const Result<void> ready = co_await with_result(connection_.readable(deadline));
    if (!ready && is_idle_) co_return false;
    if (!ready) co_await runtime::fail(waiting_error(ready.error(), "the request head took too long"));
    const runtime::IoResult got = input_.fill(connection_, kHeadRead);
    if (got.would_block()) continue;
    if (!got.ok() || got.count == 0) {
      if (is_idle_) co_return false;
      co_await runtime::fail(kClientGone);
    }
    if (std::exchange(is_idle_, false)) deadline = deadline_after(loop.now(), options_.header_timeout);
    if (co_await take_head()) co_return true;
  }
}

Result<bool> H1Server::take_head() {
  const std::string_view unread = input_.unread();
  const ParseLimits limits{.head_bytes = options_.header_size,
                           .target_bytes = options_.target_size,
                           .max_fields = options_.fields,
                           .paths = options_.paths};
  // The first bytes are parsed at once, so that what is no HTTP at all is refused at once; then one scan suffices until
  // the end of the head has come.
  std::uint32_t scanned = head_scan_;
  if (scanned != 0 && !find_head_end(unread, limits, scanned)) return leave_unfinished(unread.size());
  const HeadParse parsed = parse_request_head(unread, limits, workspace_.request);
  if (parsed.status == HeadParse::Status::incomplete) return leave_unfinished(unread.size());
  note_unfinished(0);
  if (parsed.status == HeadParse::Status::refused) return refuse(error_of(parsed.refusal));
  input_.consume(parsed.consumed);
  has_served_ = true;
  const RequestHead& head = workspace_.request;
  is_last_ = !head.keep_alive;
  method_ = head.method;
  minor_version_ = head.minor_version;
  keep_alive_ = keep_alive_ && head.keep_alive && !has_pipelined_all();
  decoder_ = BodyDecoder(head.framing, head.content_length, options_.chunks);
  body_patience_ = options_.body_idle;
  return workspace_.memory.has_room_for_request() ? true : refuse(kMemoryFull);
}

Result<bool> H1Server::leave_unfinished(std::size_t bytes) {
  note_unfinished(bytes);
  if (workspace_.unfinished_heads.is_overdrawn_by(bytes)) {
    note_unfinished(0);
    return refuse(kNoRoomForHead);
  }
  return workspace_.memory.has_room_for_request() ? false : refuse(kMemoryFull);
}

Result<bool> H1Server::refuse(const Error& error) {
  keep_alive_ = false;
  return std::unexpected(error);
}

runtime::Task<BodyPart> H1Server::read_body(const Taker* taker) {
  while (true) {
    const BodyStep step = decoder_.feed(input_.unread());
    input_.consume(step.consumed);
    bytes_received_ += step.data.size();
    switch (step.status) {
      case BodyStep::Status::data:
        co_return BodyPart{step.data, decoder_.is_complete()};
      case BodyStep::Status::done:
        co_return BodyPart{{}, true};
      case BodyStep::Status::refused:
        keep_alive_ = false;
        co_await runtime::fail(error_of(refusal(step.rule)));
        break;
      case BodyStep::Status::need_more:
        break;
    }
    if (decoder_.keeps_trailers() && !workspace_.memory.has_room_for_request()) {
      keep_alive_ = false;
      co_await runtime::fail(kMemoryFull);
    }
    const TimePoint began = connection_.loop().now();
    const Result<void> ready = co_await with_result(connection_.readable(deadline_after(began, body_patience_)));
    if (!ready) {
      was_too_slow_ = ready.error().code == ErrorCode::timed_out && body_patience_ < options_.body_idle;
      co_await runtime::fail(waiting_error(
          ready.error(), was_too_slow_ ? "the request body is below `limits.min_rate`" : "the request body stalled"));
    }
    net::PipePool::Lease pipe = pipe_for_body();
    const runtime::IoResult got =
        pipe ? connection_.receive(*pipe, decoder_.bytes_left()) : input_.fill(connection_, wanted(taker));
    const Duration waited = connection_.loop().now() - began;
    body_patience_ = std::max(options_.body_pace().after(body_patience_, waited, got.count), Duration::zero());
    if (got.would_block()) continue;
    if (!got.ok() || got.count == 0) co_await runtime::fail(kClientGone);
    if (pipe == nullptr) continue;
    decoder_.skip(got.count);
    bytes_received_ += got.count;
    co_return BodyPart{.is_last = decoder_.is_complete(), .pipe = std::move(pipe)};
  }
}

std::size_t H1Server::wanted(const Taker* taker) {
  return taker == nullptr ? kBodyRead : std::min(kBodyRead, taker->most_to_send());
}

net::PipePool::Lease H1Server::pipe_for_body() {
  return pipes_allowed_ ? workspace_.pipes.take(connection_.loop()) : net::PipePool::Lease();
}

BufferWriter& H1Server::begin_head(std::uint16_t status, std::string_view reason) {
  send_patience_ = static_cast<std::uint32_t>(options_.body_idle / std::chrono::milliseconds(1));
  bytes_credited_ = 0;
  BufferWriter& writer = output_.begin();
  write_status_line(writer, status, reason);
  return writer;
}

runtime::Task<void> H1Server::send(runtime::IoResult sent) {
  if (sent.ok() && output_.leave()) return runtime::done();
  return finish_sending(sent);
}

runtime::Task<void> H1Server::settle() {
  const Result<void> settled = co_await finish_sending(output_.sent()).result();
  if (!settled) abort();  // Nothing that could be said behind a part of an answer would be understood.
  co_await Result<void>(settled);
}

runtime::Task<void> H1Server::finish_sending(runtime::IoResult sent) {
  output_.take_back();
  if (output_.is_batched()) {
    co_await output_.batched();
    sent = output_.sent();
  }
  if (sent.error == ENOBUFS) {
    keep_alive_ = false;
    co_await runtime::fail(
        {.code = ErrorCode::response_too_large, .blame = Blame::upstream, .detail = "the response head is too large"});
  }
  if (!sent.ok()) {
    keep_alive_ = false;
    co_await runtime::fail(kClientGone);
  }
  if (output_.is_flushed()) co_return;
  const Result<void> flushed = co_await flush().result();
  if (!flushed) {
    keep_alive_ = false;
    was_too_slow_ = flushed.error().code == ErrorCode::timed_out;
    // Timed out or gone: either way this client does not take its response.
    co_await runtime::fail(flushed.error().code == ErrorCode::canceled ? flushed.error() : kClientGone);
  }
}

// A response is sent in pieces, as the server's bytes come, and smaller ones the more memory is in use: the patience is
// with all of them together, or a client that is slow for ever would never be out of it.
runtime::Task<void> H1Server::flush() {
  using std::chrono::milliseconds;
  const net::Pace pace = options_.body_pace();
  // What is not sent yet may be the framing of the last piece, so that of the body less is counted than before.
  const std::uint64_t sent = std::max(bytes_credited_, output_.body_bytes_sent());
  const Duration left = pace.after(milliseconds(send_patience_), {}, sent - bytes_credited_);
  const Duration left_now = co_await output_.flush(pace, left);
  bytes_credited_ = output_.body_bytes_sent();
  send_patience_ = static_cast<std::uint32_t>(left_now / milliseconds(1));
}

runtime::Task<void> H1Server::send_interim_head() {
  // RFC 9110, 15.2: HTTP/1.0 knows no interim responses.
  if (minor_version_ == 0) co_return;
  end_head(output_.raw_writer());
  co_await finish_sending(output_.send_head(Framing::none, {}));
}

runtime::Task<void> H1Server::send_head(OutgoingFraming framing, BodyPart first) {
  BufferWriter& writer = output_.raw_writer();
  response_started_ = true;
  // HTTP/1.0 knows no chunks: the end of the connection ends the body.
  if (framing.framing == Framing::chunked && minor_version_ == 0) {
    framing.framing = Framing::until_close;
    keep_alive_ = false;
  }
  // What the client still sends belongs to a request that has its answer: the connection is of no further use.
  if (is_receiving()) keep_alive_ = false;
  if (framing.framing == Framing::none) {
    if (framing.content_length) write_framing(writer, Framing::length, *framing.content_length);
  } else {
    write_framing(writer, framing.framing, framing.content_length.value_or(0));
  }
  if (!keep_alive_) {
    writer.append("Connection: close\r\n");
  } else if (minor_version_ == 0) {
    writer.append("Connection: keep-alive\r\n");
  }
  end_head(writer);
  if (method_ == Method::head) framing.framing = Framing::none;
  return send(output_.send_head(framing.framing, first));
}

runtime::Task<void> H1Server::send_body(BodyPart part, std::string_view trailer_lines) {
  return send(output_.send_part(std::move(part), trailer_lines));
}

runtime::Task<void> H1Server::switch_protocols(std::string_view protocol) {
  BufferWriter& writer = output_.raw_writer();
  response_started_ = true;
  is_switched_ = true;
  keep_alive_ = false;
  write_field(writer, "Connection", "upgrade");
  write_field(writer, "Upgrade", protocol);
  end_head(writer);
  co_await finish_sending(output_.send_head(Framing::none, {}));
}

std::optional<net::ConnectionEnds> H1Server::ends() const {
  if (proxied_ != nullptr) return *proxied_;
  const runtime::Ends ends = connection_.loop().ends(connection_.descriptor());
  return net::connection_ends(ends.peer, ends.local);
}

bool H1Server::can_continue() const { return keep_alive_ && !is_receiving() && output_.is_complete() && !is_cut_; }

void H1Server::stop_when_idle() {
  keep_alive_ = false;
  // A request that is already in the kernel's buffer is served first. So is the first one of a new connection: clients
  // ask again for what is lost on a kept connection, not on a new one.
  if (is_idle_ && has_served_ && connection_.is_silent()) connection_.interrupt_reading();
}

IdleEnd H1Server::close_if_idle(Duration least) {
  if (!is_idle_ || is_unwanted_ || !connection_.is_silent()) return IdleEnd::busy;
  if (connection_.loop().now() - idle_since_ < least) return IdleEnd::too_young;
  keep_alive_ = false;
  is_unwanted_ = true;
  connection_.interrupt_reading();
  return IdleEnd::closing;
}

void H1Server::abort() {
  keep_alive_ = false;
  is_cut_ = true;
  connection_.reset_on_close();
}

void H1Server::cut_short() {
  // Without a length and without chunks, the end of the connection would pass for the end of the body.
  if (!output_.shows_truncation()) return abort();
  keep_alive_ = false;
}

void H1Server::cut() {
  abort();
  connection_.cancel();
}

runtime::Task<void> H1Server::close_gently() {
  if (!is_cut_ && !output_.is_settled()) co_await settle();
  if (is_cut_ || is_unwanted_ || is_switched_ || connection_.is_lost()) co_return;
  const TimePoint now = connection_.loop().now();
  // An idle client may still be reading its last answer: a request that meets a closed socket would take the rest of
  // that answer away. After a while it has it, and with nothing answered there is nothing to lose.
  if (is_idle_ && (connection_.has_hung_up() || !has_served_)) co_return;
  // Nothing follows that could meet a closed socket.
  if (is_last_ && !is_receiving() && input_.unread().empty() && !connection_.may_have_input()) co_return;
  const Deadline deadline = deadline_after(is_idle_ ? idle_since_ : now, kLingerTime);
  if (deadline <= now) co_return;
  connection_.shutdown_send();
  input_.consume(input_.unread().size());
  note_unfinished(0);
  for (std::size_t dropped = 0; dropped < kLingerBytes;) {
    co_await connection_.readable(deadline);
    const runtime::IoResult got = input_.fill(connection_, kHeadRead);
    if (got.would_block()) continue;
    if (!got.ok() || got.count == 0) co_return;
    input_.consume(got.count);
    dropped += got.count;
  }
  // More than that is not read. Closing now would reset the connection, and with it what the client has not read of its
  // last answer (RFC 9112, 9.6): it has the rest of the time for that.
  while (!connection_.is_lost()) {
    connection_.ignore_input();
    co_await connection_.readable(deadline);
  }
}

}  // namespace fairlead::http
