#include "proxy/exchange.h"

#include <algorithm>

#include "http/codec/hop_by_hop.h"
#include "proxy/error_response.h"
#include "proxy/local_response.h"
#include "runtime/both.h"
#include "runtime/wait.h"

namespace fairlead::proxy {

namespace {

// A body that is always ready lets the others have their turn after this many pieces.
constexpr int kPiecesPerTurn = 8;

bool is_event_stream(const http::ResponseHead& head) {
  const http::Field* type = head.fields.find(http::FieldId::content_type);
  return type != nullptr &&
         http::equals_ignoring_case(type->value.substr(0, type->value.find(';')), "text/event-stream");
}

// RFC 9110, 15.2.2: the server must name the protocol that was asked for.
bool agrees_to(const http::ResponseHead& head, std::string_view protocol) {
  return !protocol.empty() && http::equals_ignoring_case(head.upgrade, protocol);
}

bool retries_on(const RetryOptions& retry, RetryOn event) {
  return std::ranges::find(retry.on, event) != retry.on.end();
}

}  // namespace

Exchange::Exchange(Context& context, http::ServerStream& downstream, const ClientInfo& client)
    : context_(context),
      downstream_(downstream),
      client_(client),
      open_(context.counters.open_requests),
      view_(context.view),
      wall_start_(context.loop.wall_now()),
      id_(wall_start_, context.random),
      start_(context.loop.now()) {
  const http::RequestHead& head = downstream.request();
  route_ = view_->snapshot().routes.match(client.listener, head);
  prepared_ = request_.build(head, client, id_.text(), context.workspace);
  context_.counters.requests.add();
  downstream_.watch_departure(this);
}

Exchange::~Exchange() { downstream_.watch_departure(nullptr); }

void Exchange::abandon(ErrorCode why) {
  abandoned_ = why;
  if (upstream_ != nullptr) upstream_->cancel();
}

runtime::Task<void> Exchange::run() {
  co_await Result<void>(prepared_);
  if (route_ == nullptr) co_await runtime::fail({.code = ErrorCode::no_route, .blame = Blame::downstream});
  if (route_->pool == Route::kNoPool) {
    co_await answer_locally();
    co_return;
  }
  const auto& limit = route_->options.body.max;
  if (limit && request_.framing().content_length.value_or(0) > limit->bytes) {
    co_await runtime::fail({.code = ErrorCode::body_too_large, .blame = Blame::downstream});
  }
  if (route_->options.timeouts.total) total_deadline_ = deadline_after(start_, *route_->options.timeouts.total);
  pool().pool().retry_budget().record_request(start_);

  Result<void> outcome = co_await attempt().result();
  while (!outcome && may_retry(outcome.error())) {
    const Result<void> again = co_await attempt().result();
    // Where no other server is left, the first failure is the one worth telling.
    if (!again && again.error().code == ErrorCode::no_server) break;
    outcome = again;
    if (outcome && retries_ > 0) context_.counters.retries_recovered.add();
  }
  if (!outcome && abandoned_) co_await runtime::fail({.code = *abandoned_, .blame = Blame::downstream});
  co_await Result<void>(outcome);
}

runtime::Task<void> Exchange::attempt() {
  const TimePoint began = context_.loop.now();
  const bool same_server = std::exchange(needs_fresh_connection_, false);
  if (!same_server) {
    server_ = co_await pool().pick(tried_, began);
    tried_.add(*server_);
  }
  const pool::InFlight in_flight(*server_);
  answer_began_.reset();
  Result<void> outcome;
  {
    const Result<pool::Lease> leased = co_await lease(*server_, same_server || retries_ > 0).result();
    if (leased) {
      reused_ = leased->is_reused();
      upstream_ = &**leased;
      outcome = co_await forward(**leased).result();
    } else {
      reused_ = false;
      outcome = std::unexpected(leased.error());
    }
    upstream_ = nullptr;
  }
  if (!outcome) note_attempt(outcome.error(), began);
  report(outcome, began);
  co_await Result<void>(outcome);
}

runtime::Task<pool::Lease> Exchange::lease(pool::Server& server, bool fresh) {
  const pool::PoolOptions& options = pool().pool().options();
  const boost::intrusive_ptr<pool::KeepaliveCache> cache = context_.upstream.of(server);
  while (!fresh) {
    std::unique_ptr<http::H1Client> idle = cache->take();
    if (idle == nullptr) break;
    // What must not be sent twice is not sent on a connection that the server may just have closed.
    const bool is_sent_once = !may_retry_method() || downstream_.is_receiving();
    if (is_sent_once && !idle->is_silent()) continue;
    connect_time_.reset();
    co_return pool::Lease(cache, std::move(idle), options.keepalive, true);
  }
  const net::SocketAddress* address = server.address();
  if (address == nullptr) {
    co_await runtime::fail({.code = ErrorCode::dns_failed,
                            .blame = Blame::upstream,
                            .retry_is_safe = true,
                            .detail = "the server's name has no address"});
  }
  const TimePoint began = context_.loop.now();
  const runtime::Accepted socket = context_.loop.connect(address->get(), address->size);
  if (socket.descriptor < 0) co_await Result<void>(std::unexpected(http::connect_error(socket.error)));
  auto client = std::make_unique<http::H1Client>(context_.loop, socket.descriptor, context_.workspace);
  upstream_ = client.get();
  co_await client->connected(within_total(options.timeouts.connect));
  connect_time_ = context_.loop.now() - began;
  co_return pool::Lease(cache, std::move(client), options.keepalive, false);
}

runtime::Task<void> Exchange::forward(http::ClientStream& upstream) {
  upload_ended_.reset();
  upstream.set_send_patience(route_->options.timeouts.idle);
  http::BufferWriter& writer = upstream.begin_head(request_.method_text(), request_.target());
  writer.append(request_.field_lines());
  co_await upstream.send_head(request_.framing(), request_.upgrade());
  if (!downstream_.is_receiving()) {
    end_upload();
    co_await relay_response(upstream);
    co_return;
  }
  // Both at once: a response may come before the upload is over.
  const Result<void> outcome =
      co_await runtime::Both(send_request_body(upstream), relay_response(upstream), [this, &upstream] {
        end_upload();
        downstream_.interrupt_reading();
        upstream.cancel();
      });
  if (!response_complete_) co_await Result<void>(outcome);
}

runtime::Task<void> Exchange::send_request_body(http::ClientStream& upstream) {
  const auto& limit = route_->options.body.max;
  for (int pieces = 1; downstream_.is_receiving() && !upload_ended_; ++pieces) {
    const http::BodyPart part = co_await downstream_.read_body();
    body_began_ = true;
    if (limit && downstream_.bytes_received() > limit->bytes) {
      co_await runtime::fail({.code = ErrorCode::body_too_large, .blame = Blame::downstream});
    }
    const std::string_view trailers = part.is_last ? downstream_.request_trailers() : std::string_view();
    // A server that stops reading may have answered already: its response, or its absence, tells what it meant.
    const Result<void> sent = co_await upstream.send_body(part, trailers).result();
    if (!sent) break;
    if (pieces % kPiecesPerTurn == 0) co_await runtime::Yield(context_.loop);
  }
  end_upload();
}

runtime::Task<const http::ResponseHead*> Exchange::read_final_head(http::ClientStream& upstream) {
  for (int interim = 0; interim < kMaxInterimResponses; ++interim) {
    Result<const http::ResponseHead*> head;
    do {
      head = co_await upstream.read_head(request_.method(), answer_deadline()).result();
    } while (!head && may_still_answer(head.error()));
    const http::ResponseHead* found = co_await std::move(head);
    if (found->status >= 200 || found->status == 101) co_return found;
    co_await relay_interim(*found);
  }
  co_await runtime::fail(
      {.code = ErrorCode::bad_response, .blame = Blame::upstream, .detail = "too many interim responses"});
  co_return nullptr;
}

// While the request is still on its way, the server cannot be late.
Deadline Exchange::answer_deadline() const {
  const TimePoint asked = upload_ended_.value_or(context_.loop.now());
  return std::min(deadline_after(asked, route_->options.timeouts.first_byte), total_deadline_);
}

bool Exchange::may_still_answer(const Error& error) const {
  const TimePoint now = context_.loop.now();
  return error.code == ErrorCode::response_timeout && now < total_deadline_ &&
         (!upload_ended_ || now < answer_deadline());
}

runtime::Task<void> Exchange::relay_interim(const http::ResponseHead& head) {
  http::BufferWriter& writer = downstream_.begin_head(head.status, head.reason);
  http::copy_fields(writer, head.fields, http::hop_by_hop_fields(head.fields));
  return downstream_.send_interim_head();
}

runtime::Task<void> Exchange::relay_response(http::ClientStream& upstream) {
  const http::ResponseHead* head = co_await read_final_head(upstream);
  answer_began_ = context_.loop.now();
  if (!first_byte_time_) first_byte_time_ = *answer_began_ - start_;
  if (head->status == 101) {
    co_await open_tunnel(upstream, *head);
    co_return;
  }
  if (wants_other_server(head->status)) {
    co_await runtime::fail(
        {.code = ErrorCode::bad_response, .blame = Blame::upstream, .detail = "the status is one of `retry.statuses`"});
  }
  status_ = head->status;
  const RouteTimeouts& timeouts = route_->options.timeouts;
  const Duration idle = is_event_stream(*head) ? timeouts.stream_idle : timeouts.idle;

  http::FieldMarks dropped = http::hop_by_hop_fields(head->fields);
  for (std::size_t index = 0; index < head->fields.size(); ++index) {
    if (head->fields[index].id == http::FieldId::x_request_id) dropped.set(index);
  }
  const http::BodyPart first = co_await upstream.buffered_body();
  http::BufferWriter& writer = downstream_.begin_head(head->status, head->reason);
  http::copy_fields(writer, head->fields, dropped);
  http::write_field(writer, "X-Request-Id", id_.text());
  co_await downstream_.send_head(http::OutgoingFraming::of(*head, request_.method()), first);
  if (!first.is_last) co_await relay_body(upstream, idle);
  response_complete_ = true;
  if (upload_ended_) co_return;
  // The answer is complete and the upload is not: the rest of it interests nobody.
  end_upload();
  downstream_.interrupt_reading();
  upstream.cancel();
}

runtime::Task<void> Exchange::relay_body(http::ClientStream& upstream, Duration idle) {
  for (int pieces = 1;; ++pieces) {
    const Duration patience = std::min(idle, total_deadline_ - context_.loop.now());
    if (patience <= Duration::zero()) {
      co_await runtime::fail({.code = ErrorCode::response_timeout,
                              .blame = Blame::upstream,
                              .detail = "the response took longer than `timeouts.total`"});
    }
    const http::BodyPart part = co_await upstream.read_body(patience);
    co_await downstream_.send_body(part, part.is_last ? upstream.response_trailers() : std::string_view());
    if (part.is_last) co_return;
    if (pieces % kPiecesPerTurn == 0) co_await runtime::Yield(context_.loop);
  }
}

runtime::Task<void> Exchange::open_tunnel(http::ClientStream& upstream, const http::ResponseHead& head) {
  if (!agrees_to(head, request_.upgrade())) {
    co_await runtime::fail({.code = ErrorCode::bad_response,
                            .blame = Blame::upstream,
                            .detail = "the server switched to a protocol that was not asked for"});
  }
  status_ = head.status;
  http::BufferWriter& writer = downstream_.begin_head(head.status, head.reason);
  http::copy_fields(writer, head.fields, http::hop_by_hop_fields(head.fields));
  http::write_field(writer, "X-Request-Id", id_.text());
  downstream_.watch_departure(nullptr);  // The tunnel passes on the end of either side.
  const http::Transport client = co_await downstream_.switch_protocols(request_.upgrade());
  http::Tunnel tunnel(client, upstream.transport(), request_.upgrade(), route_->options.timeouts.stream_idle,
                      tunnel_counts_);
  const telemetry::Counted open(context_.counters.open_tunnels);
  const Result<void> relayed = co_await tunnel.relay().result();
  if (abandoned_) tunnel.say_goodbye();
  co_await Result<void>(relayed);
  response_complete_ = true;
}

bool Exchange::may_retry_method() const {
  const auto& methods = route_->options.retry.methods;
  return std::ranges::find(methods, request_.method_text()) != methods.end();
}

bool Exchange::may_retry(const Error& error) {
  if (abandoned_ || downstream_.response_started() || body_began_ || context_.loop.now() >= total_deadline_)
    return false;
  if (std::exchange(retry_is_granted_, false)) return true;
  const RetryOptions& retry = route_->options.retry;
  if (error.retry_is_safe) return retries_on(retry, RetryOn::connect) && takes_retry();
  if (!error.retry_if_idempotent || !may_retry_method()) return false;
  // A kept connection that the server closed as we sent is nobody's failure: the same server, on a new connection.
  if (std::exchange(reused_, false)) return needs_fresh_connection_ = true;
  return retries_on(retry, RetryOn::reset) && takes_retry();
}

bool Exchange::takes_retry() {
  const RetryOptions& retry = route_->options.retry;
  if (retries_ >= retry.attempts || !pool().has_untried(tried_)) return false;
  if (!pool().pool().retry_budget().try_spend(retry.budget, context_.loop.now())) return false;
  ++retries_;
  context_.counters.retries.add();
  return true;
}

bool Exchange::wants_other_server(int status) {
  if (!route_->options.retry.statuses.contains(status) || !may_retry_method() || body_began_) return false;
  return retry_is_granted_ = takes_retry();
}

void Exchange::report(const Result<void>& outcome, TimePoint began) {
  const TimePoint now = context_.loop.now();
  if (outcome) {
    pool().report(*server_, status_, server_wait(began), now);
    return;
  }
  // A kept connection that the server had closed says nothing of its health.
  if (outcome.error().retry_if_idempotent && reused_) return;
  pool().report(*server_, outcome.error(), server_wait(began), now);
}

// From when the server had all of the request; a client that uploads slowly does not make it slow.
Duration Exchange::server_wait(TimePoint began) const {
  const TimePoint end = answer_began_.value_or(context_.loop.now());
  if (!request_.has_body()) return end - began;
  return std::max(end - upload_ended_.value_or(end), Duration::zero());
}

void Exchange::note_attempt(const Error& error, TimePoint began) {
  if (attempt_count_ == attempts_.size()) return;
  attempts_[attempt_count_++] = {
      .server = server_->name(), .reason = word(error.code), .took = context_.loop.now() - began};
}

Deadline Exchange::within_total(Duration wait) const {
  return std::min(deadline_after(context_.loop.now(), wait), total_deadline_);
}

runtime::Task<void> Exchange::answer_locally() {
  const RouteOptions& options = route_->options;
  if (options.redirect) {
    const std::string location = redirect_location(*options.redirect, request_);
    co_await answer(options.redirect->status, {}, {}, location);
  } else {
    const RespondOptions& respond = options.respond.value();
    co_await answer(respond.status, respond.type, respond.body);
  }
}

runtime::Task<void> Exchange::answer(std::uint16_t status, std::string_view type, std::string_view body,
                                     std::string_view location) {
  status_ = status;
  http::BufferWriter& writer = downstream_.begin_head(status, http::reason_of(status));
  http::write_field(writer, "Date", http_date(wall_start_));
  if (!location.empty()) http::write_field(writer, "Location", location);
  if (!type.empty()) http::write_field(writer, "Content-Type", type);
  http::write_field(writer, "X-Request-Id", id_.text());
  const bool has_body = status != 204 && status != 304;
  http::OutgoingFraming framing;
  if (has_body) framing = {http::Framing::length, body.size()};
  co_await downstream_.send_head(framing, {body, true});
}

runtime::Task<void> Exchange::answer_with_error(const Error& error) {
  if (abandoned_ || error.code == ErrorCode::client_gone || error.code == ErrorCode::canceled) {
    downstream_.abort();
    co_return;
  }
  if (downstream_.response_started()) {
    context_.counters.cut_responses.add();
    downstream_.cut_short();
    co_return;
  }
  status_ = status_of(error.code);
  co_await send_error(downstream_, error,
                      {.accept = request_.accept(),
                       .request_id = id_.text(),
                       .at = wall_start_,
                       .detail = view_->snapshot().errors.detail,
                       .client_is_local = client_.is_local,
                       .server = server_ != nullptr ? std::string_view(server_->name()) : std::string_view()});
}

void Exchange::record(const Result<void>& outcome) {
  Counters& counters = context_.counters;
  counters.status_classes[std::min<std::size_t>(status_ / 100, counters.status_classes.size() - 1)].add();
  if (!outcome) counters.failures[static_cast<std::size_t>(outcome.error().code)].add();
  if (!context_.access_log.is_on() || (route_ != nullptr && !route_->options.log)) return;

  const bool has_failed = !outcome.has_value();
  const std::size_t failed_tries = attempt_count_ - (has_failed && attempt_count_ > 0 ? 1 : 0);
  telemetry::AccessRecord record{.at = wall_start_,
                                 .id = id_.text(),
                                 .client = client_.ip,
                                 .listener = client_.listener,
                                 .proto = "h1",
                                 .method = request_.method_text(),
                                 .host = request_.authority(),
                                 .path = request_.path(),
                                 .status = has_failed && status_ == 0 ? status_of(outcome.error().code) : status_,
                                 .reason = has_failed ? word(outcome.error().code) : std::string_view("ok"),
                                 .total = context_.loop.now() - start_,
                                 .connect = connect_time_,
                                 .first_byte = first_byte_time_,
                                 .bytes_in = downstream_.bytes_received() + tunnel_counts_.from_client,
                                 .bytes_out = downstream_.bytes_sent() + tunnel_counts_.from_server,
                                 .attempts = std::span(attempts_).first(failed_tries),
                                 .user_agent = request_.user_agent(),
                                 .referer = request_.referer()};
  if (context_.access_log.wants_query()) record.query = request_.query();
  if (route_ != nullptr) {
    record.route = route_->options.name;
    record.pool = route_->options.to;
  }
  if (server_ != nullptr) {
    record.server = server_->name();
    record.reused = reused_;
  }
  context_.access_log.record(record);
}

}  // namespace fairlead::proxy
