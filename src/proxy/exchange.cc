#include "proxy/exchange.h"

#include <algorithm>

#include "http/codec/hop_by_hop.h"
#include "proxy/connector.h"
#include "proxy/error_response.h"
#include "proxy/hash_key.h"
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

bool is_final(const Result<const http::ResponseHead*>& head) {
  return head && ((*head)->status >= 200 || (*head)->status == 101);
}

// No server was tried.
bool means_no_room(ErrorCode code) {
  return code == ErrorCode::no_server || code == ErrorCode::queue_full || code == ErrorCode::queue_timeout;
}

}  // namespace

Exchange::Exchange(Context& context, http::ServerStream& downstream, const ClientInfo& client)
    : context_(context),
      downstream_(downstream),
      client_(client),
      open_(context.counters.open_requests),
      view_(context.view),
      wall_start_(context.loop.wall_now()),
      start_(context.loop.now()),
      total_time_(context.loop, downstream) {
  const http::RequestHead& head = downstream.request();
  route_ = view_->snapshot().routes.match(client.listener, head);
  const telemetry::RequestId id(wall_start_, context.random);
  const Origin origin = origin_of(head, client, id.text());
  is_local_ = origin.is_local;
  if (route_ != nullptr && route_->pool != Route::kNoPool) {
    sticky_.begin(pool().pool(), head, {.wall = wall_start_, .steady = start_}, origin.scheme == "https",
                  context.counters);
    if (const auto& hashing = pool().pool().hashing())
      key_hash_ = key_hash(hashing->key, head, origin.ip, context.random);
  }
  prepared_ = request_.build(head, origin, client.ip, context.workspace, sticky_.hidden_cookie());
  context_.counters.requests.add();
  downstream_.watch_departure(this);
}

Exchange::~Exchange() { downstream_.watch_departure(nullptr); }

void Exchange::abandon(ErrorCode why) {
  abandoned_ = why;
  if (upstream_ != nullptr) upstream_->cancel();
  if (hedge_ != nullptr) hedge_->cancel();
  if (place_ != nullptr) place_->give_up();
}

runtime::Task<void> Exchange::run() {
  co_await Result<void>(prepared_);
  if (route_ == nullptr) co_await runtime::fail({.code = ErrorCode::no_route, .blame = Blame::downstream});
  if (route_->pool == Route::kNoPool) {
    co_await answer_locally();
    co_return;
  }
  co_await check_body_size();
  if (const auto& total = route_->options.timeouts.total) total_time_.begin(deadline_after(start_, *total));
  retry_.begin(route_->options.retry, request_.method_text());
  pool().pool().retry_budget().record_request(start_);
  if (const auto& kept = route_->options.body.buffer; kept && downstream_.is_receiving()) {
    const auto& limit = route_->options.body.max;
    const std::size_t size = limit ? std::min(kept->bytes, limit->bytes + 1) : kept->bytes;
    const Result<void> filled =
        co_await kept_body_.fill(downstream_, size, *view_->snapshot().kept_bodies, context_.workspace.memory).result();
    if (!filled) co_await runtime::fail(total_time_.cause_of(filled.error()));
    co_await check_body_size();
    if (downstream_.is_receiving()) context_.counters.unkept_bodies.add();
  }

  Result<void> outcome = co_await attempt().result();
  while (!outcome && may_retry(outcome.error())) {
    const Result<void> again = co_await attempt().result();
    // Where no other server is left, the first failure is the one worth telling.
    if (!again && means_no_room(again.error().code)) break;
    outcome = again;
    if (outcome && retry_.retries() > 0) context_.counters.retries_recovered.add();
  }
  if (has_switched_) co_return;
  permit_.release();
  if (!outcome) co_await runtime::fail(cause_of(outcome.error()));
}

Error Exchange::cause_of(const Error& error) const {
  if (abandoned_) return {.code = *abandoned_, .blame = Blame::downstream};
  return total_time_.cause_of(error);
}

runtime::Task<void> Exchange::attempt() {
  try_began_ = context_.loop.now();
  const bool same_server = std::exchange(needs_fresh_connection_, false);
  if (!same_server) {
    permit_.release();
    Result<pool::Permit> permit = admit(try_began_);
    const bool may_wait = !permit && permit.error().code == ErrorCode::queue_full && !sticky_.is_bound();
    if (may_wait) permit = co_await wait_for_permit().result();
    permit_ = co_await std::move(permit);
    server_ = permit_.server();
    tried_.add(*server_);
  }
  answer_began_.reset();
  beginning_is_reported_ = false;
  Result<pool::Lease> leased =
      co_await lease_connection(context_, *server_,
                                {.pool = pool().pool().options(),
                                 .client = downstream_,
                                 .fresh = same_server || retry_.retries() > 0,
                                 .is_sent_once = !retry_.may_repeat_method() || downstream_.is_receiving(),
                                 .deadline = total_time_.deadline()},
                                upstream_)
          .result();
  Result<void> outcome;
  if (leased) {
    use(std::move(*leased));
    upload_ended_.reset();
    sent_at_ = context_.loop.now();
    outcome = co_await request_.send_head(*upstream_, total_time_.at_most(route_->options.timeouts.idle)).result();
    if (outcome) outcome = co_await relay(*upstream_).result();
    // The server of a tunnel is judged by how that ends.
    if (has_switched_) co_return;
  } else {
    past_ = {};
    outcome = std::unexpected(leased.error());
  }
  end_try(outcome);
  co_await Result<void>(outcome);
}

void Exchange::end_try(const Result<void>& outcome) {
  upstream_ = nullptr;
  lease_.reset();
  if (!outcome) note_attempt(outcome.error());
  report(outcome);
}

// The server that the client sticks to comes first.
Result<pool::Permit> Exchange::admit(TimePoint now) {
  if (sticky_.wanted() == nullptr || !tried_.empty()) return pool().admit(tried_, now, key_hash_);
  Result<pool::Permit> permit = pool().admit_to(*sticky_.wanted(), now);
  if (permit || sticky_.is_bound()) return permit;
  if (permit.error().code == ErrorCode::queue_full) sticky_.stay_away();
  return pool().admit(tried_, now, key_hash_);
}

runtime::Task<pool::Permit> Exchange::wait_for_permit() {
  const TimePoint began = context_.loop.now();
  const pool::Pool& shared = pool().pool();
  pool::Place place(shared.waiting_line(), context_.loop, shared.generation(), !tried_.empty());
  place_ = &place;
  Result<pool::Permit> permit =
      co_await pool().wait_for_permit(place, tried_, total_time_.deadline(), key_hash_).result();
  place_ = nullptr;
  queue_time_ = queue_time_.value_or(Duration::zero()) + (context_.loop.now() - began);
  co_return permit;
}

void Exchange::use(pool::Lease lease) {
  lease_.emplace(std::move(lease));
  past_ = lease_->past();
  upstream_ = &**lease_;
}

runtime::Task<void> Exchange::relay(http::ClientStream& upstream) {
  upstream.receive_for(downstream_);
  if (downstream_.is_receiving() || kept_body_.has_content()) return relay_both_bodies(upstream);
  end_upload();
  return may_hedge() ? relay_first_response(upstream) : relay_response(upstream);
}

// Both at once: a response may come before the upload is over.
runtime::Task<void> Exchange::relay_both_bodies(http::ClientStream& upstream) {
  runtime::Task<void> response = may_hedge() ? relay_first_response(upstream) : relay_response(upstream);
  const Result<void> outcome = co_await runtime::Both(send_request_body(upstream), std::move(response), [this] {
    end_upload();
    downstream_.interrupt_reading();
    upstream_->cancel();
  });
  if (!response_complete_) co_await Result<void>(outcome);
}

// Once, and not where the client came back to its server.
bool Exchange::may_hedge() const {
  return route_->options.hedge && retry_.may_repeat_method() && tried_.count() == 1 && sticky_.wanted() == nullptr &&
         request_.upgrade().empty() && !downstream_.is_receiving();
}

runtime::Task<void> Exchange::relay_first_response(http::ClientStream& upstream) {
  Hedge hedge(context_, pool(), request_, kept_body_, route_->options, downstream_, key_hash_);
  hedge_ = &hedge;
  co_await hedge.race(
      {.stream = upstream, .server = *server_, .past = past_, .began = try_began_, .sent = upload_ended_}, tried_,
      answer_deadline());
  hedge_ = nullptr;
  if (hedge.is_sent()) hedge_note_ = hedge.has_won() ? "won" : "lost";
  if (hedge.has_won()) {
    // What the first server was still being sent was canceled with its answer; that takes until the next turn.
    while (!upload_ended_) co_await runtime::Yield(context_.loop);
    // The first connection ends here, and with it the first server's work.
    use(hedge.take_lease());
    permit_ = hedge.take_permit();
    server_ = permit_.server();
    try_began_ = hedge.began();
  }
  co_await relay_response(*upstream_);
}

runtime::Task<void> Exchange::send_request_body(http::ClientStream& upstream) {
  if (kept_body_.has_content()) {
    if (!co_await kept_body_.send(upstream).result()) end_upload();  // As below.
  }
  downstream_.allow_pipes(upstream.takes_pipes());
  for (int pieces = 1; downstream_.is_receiving() && !upload_ended_; ++pieces) {
    http::BodyPart part = co_await downstream_.read_body(&upstream);
    body_is_gone_ = true;
    kept_body_.forget();
    co_await check_body_size();
    const std::string_view trailers = part.is_last ? downstream_.request_trailers() : std::string_view();
    // A server that stops reading may have answered already: its response, or its absence, tells what it meant.
    const Result<void> sent = co_await upstream.send_body(std::move(part), trailers).result();
    if (!sent) break;
    if (pieces % kPiecesPerTurn == 0) co_await runtime::Yield(context_.loop);
  }
  end_upload();
}

Result<void> Exchange::check_body_size() const {
  const auto& limit = route_->options.body.max;
  const std::uint64_t size = std::max(request_.framing().content_length.value_or(0), downstream_.bytes_received());
  if (!limit || size <= limit->bytes) return {};
  return std::unexpected(Error{.code = ErrorCode::body_too_large, .blame = Blame::downstream});
}

runtime::Task<const http::ResponseHead*> Exchange::read_final_head(http::ClientStream& upstream,
                                                                   Result<const http::ResponseHead*> latest) {
  for (std::uint32_t interim = 0;;) {
    if (!latest && !may_still_answer(latest.error())) co_await runtime::fail(failure_of_try(latest.error()));
    if (is_final(latest)) co_return *latest;
    if (latest) {
      if (interim++ == pool().pool().options().limits.interim) break;
      co_await relay_interim(**latest);
    }
    latest = co_await upstream.read_head(request_.method(), answer_deadline()).result();
  }
  co_await runtime::fail(
      {.code = ErrorCode::response_too_large, .blame = Blame::upstream, .detail = "too many interim responses"});
  co_return nullptr;
}

// While the request is still on its way, the server cannot be late.
Deadline Exchange::answer_deadline() const {
  const TimePoint asked = upload_ended_.value_or(context_.loop.now());
  const RouteTimeouts& timeouts = route_->options.timeouts;
  const Duration patience = is_short_try() ? *timeouts.per_try : timeouts.first_byte;
  return std::min(deadline_after(asked, patience), total_time_.deadline());
}

bool Exchange::is_short_try() const {
  const RouteTimeouts& timeouts = route_->options.timeouts;
  return timeouts.per_try && *timeouts.per_try < timeouts.first_byte;
}

Error Exchange::failure_of_try(const Error& error) const {
  if (error.code != ErrorCode::response_timeout || !is_short_try()) return error;
  return {.code = ErrorCode::response_timeout,
          .blame = Blame::upstream,
          .retry_if_idempotent = true,
          .detail = "connected, but no response within `timeouts.per_try`"};
}

bool Exchange::may_still_answer(const Error& error) const {
  return error.code == ErrorCode::response_timeout && !total_time_.is_over() &&
         (!upload_ended_ || context_.loop.now() < answer_deadline());
}

runtime::Task<void> Exchange::relay_interim(const http::ResponseHead& head) {
  if (head.status == 100 && kept_body_.has_asked()) return runtime::done();
  http::BufferWriter& writer = downstream_.begin_head(head.status, head.reason);
  http::copy_fields(writer, head.fields, http::hop_by_hop_fields(head.fields));
  return downstream_.send_interim_head();
}

runtime::Task<void> Exchange::relay_response(http::ClientStream& upstream) {
  Result<const http::ResponseHead*> read = co_await upstream.read_head(request_.method(), answer_deadline()).result();
  const http::ResponseHead* head = is_final(read) ? *read : co_await read_final_head(upstream, read);
  answer_began_ = context_.loop.now();
  if (!first_byte_time_) first_byte_time_ = *answer_began_ - start_;
  if (head->status == 101) {
    co_await switch_protocols(upstream, *head);
    co_return;
  }
  if (!sticky_.is_bound() &&
      retry_.wants_other_server(head->status, body_is_gone_, pool(), tried_, context_.loop.now())) {
    co_await runtime::fail(
        {.code = ErrorCode::bad_response, .blame = Blame::upstream, .detail = "the status is one of `retry.statuses`"});
  }
  status_ = head->status;
  const RouteTimeouts& timeouts = route_->options.timeouts;
  is_event_stream_ = is_event_stream(*head);
  const Duration idle = is_event_stream_ ? timeouts.stream_idle : timeouts.idle;

  http::FieldMarks dropped = http::hop_by_hop_fields(head->fields);
  for (std::size_t index = 0; index < head->fields.size(); ++index) {
    if (head->fields[index].id == http::FieldId::x_request_id) dropped.set(index);
  }
  http::BodyPart first = co_await upstream.buffered_body();
  const bool is_whole = first.is_last;
  http::BufferWriter& writer = downstream_.begin_head(head->status, head->reason);
  http::copy_fields(writer, head->fields, dropped);
  http::write_field(writer, "X-Request-Id", request_.id());
  sticky_.answer(*server_, head->fields, writer);
  co_await downstream_.send_head(http::OutgoingFraming::of(*head, request_.method()), std::move(first));
  if (!is_whole) {
    report_beginning();
    co_await relay_body(upstream, idle);
  }
  response_complete_ = true;
  if (upload_ended_) co_return;
  // The answer is complete and the upload is not: the rest of it interests nobody.
  end_upload();
  downstream_.interrupt_reading();
  upstream.cancel();
}

runtime::Task<void> Exchange::relay_body(http::ClientStream& upstream, Duration idle) {
  upstream.allow_pipes(downstream_.takes_pipes());
  for (int pieces = 1;; ++pieces) {
    if (total_time_.is_over()) co_await runtime::fail({.code = ErrorCode::canceled});
    http::BodyPart part = co_await upstream.read_body(total_time_.at_most(idle));
    const bool is_last = part.is_last;
    co_await downstream_.send_body(std::move(part), is_last ? upstream.response_trailers() : std::string_view());
    if (is_last) co_return;
    if (pieces % kPiecesPerTurn == 0) co_await runtime::Yield(context_.loop);
  }
}

runtime::Task<void> Exchange::switch_protocols(http::ClientStream& upstream, const http::ResponseHead& head) {
  if (!agrees_to(head, request_.upgrade())) {
    co_await runtime::fail({.code = ErrorCode::bad_response,
                            .blame = Blame::upstream,
                            .detail = "the server switched to a protocol that was not asked for"});
  }
  status_ = head.status;
  http::BufferWriter& writer = downstream_.begin_head(head.status, head.reason);
  http::copy_fields(writer, head.fields, http::hop_by_hop_fields(head.fields));
  http::write_field(writer, "X-Request-Id", request_.id());
  sticky_.answer(*server_, head.fields, writer);
  report_beginning();
  total_time_.release_client();
  downstream_.watch_departure(nullptr);  // The tunnel passes on the end of either side.
  co_await downstream_.switch_protocols(request_.upgrade());
  co_await upstream.switch_protocols();
  // Who cuts from here on finds a tunnel.
  if (abandoned_) co_await runtime::fail({.code = ErrorCode::canceled});
  has_switched_ = true;
}

std::unique_ptr<OpenTunnel> Exchange::become_tunnel(OpenTunnel::FromSession session) {
  auto tunnel = std::make_unique<OpenTunnel>(
      context_, std::move(session),
      OpenTunnel::FromExchange{.view = view_,
                               .pool = pool(),
                               .permit = std::move(permit_),
                               .began = start_,
                               .is_logged = route_->options.log,
                               .record = describe()},
      downstream_.take_transport(), upstream_->take_transport(),
      http::Tunnel::Agreement{.protocol = request_.upgrade(), .idle = route_->options.timeouts.stream_idle});
  upstream_ = nullptr;
  lease_.reset();
  return tunnel;
}

bool Exchange::may_retry(const Error& error) {
  const TimePoint now = context_.loop.now();
  if (abandoned_ || downstream_.response_started() || total_time_.is_over()) return false;
  const RetryPolicy::Next next = retry_.after(
      {.error = error, .was_race = was_race(error), .body_is_gone = body_is_gone_, .is_bound = sticky_.is_bound()},
      pool(), tried_, now);
  needs_fresh_connection_ = next == RetryPolicy::Next::same_server;
  if (next == RetryPolicy::Next::other_server) context_.counters.retries.add();
  return next != RetryPolicy::Next::nothing;
}

bool Exchange::was_race(const Error& error) const {
  return was_keepalive_race(error, past_, context_.loop.now() - sent_at_);
}

// What is long in coming has to be known before it is over: a download, or a stream that has no end.
void Exchange::report_beginning() {
  pool().report_beginning(*server_, status_, server_wait(), context_.loop.now());
  beginning_is_reported_ = true;
}

void Exchange::report(const Result<void>& outcome) {
  const TimePoint now = context_.loop.now();
  if (beginning_is_reported_) {
    if (outcome)
      pool().report_end(*server_, status_);
    else
      pool().report_end(*server_, outcome.error(), now);
    return;
  }
  if (outcome) {
    pool().report(*server_, status_, server_wait(), now);
    return;
  }
  // It says nothing of the server's health, but how long it keeps idle connections.
  if (was_race(outcome.error())) {
    server_->idle_limit().record_close(*past_.idle_for, now);
    return;
  }
  pool().report(*server_, outcome.error(), server_wait(), now);
}

// From when the server had all of the request; a client that uploads slowly does not make it slow.
Duration Exchange::server_wait() const {
  const TimePoint end = answer_began_.value_or(context_.loop.now());
  if (!request_.has_body()) return end - try_began_;
  return std::max(end - upload_ended_.value_or(end), Duration::zero());
}

void Exchange::note_attempt(const Error& error) {
  if (attempts_.size() == kRecordedAttempts) return;
  attempts_.push_back(
      {.server = server_->name(), .reason = word(error.code), .took = context_.loop.now() - try_began_});
}

void Exchange::record(const Result<void>& outcome) {
  context_.counters.count(status_, outcome);
  if (!context_.access_log.is_on() || (route_ != nullptr && !route_->options.log)) return;
  telemetry::AccessRecord record = describe();
  record.total = context_.loop.now() - start_;
  record.bytes_in = downstream_.bytes_received();
  record.bytes_out = downstream_.bytes_sent();
  if (!outcome) {
    if (status_ == 0) record.status = status_of(outcome.error().code);
    record.reason = word(outcome.error().code);
    record.retry_note = retry_.note();
    // The last one failed with the exchange, for the reason that the line gives.
    if (!attempts_.empty()) record.attempts = record.attempts.first(attempts_.size() - 1);
  }
  context_.access_log.record(record);
}

telemetry::AccessRecord Exchange::describe() const {
  telemetry::AccessRecord record{.at = wall_start_,
                                 .id = request_.id(),
                                 .client = request_.client_ip(),
                                 .listener = client_.listener,
                                 .proto = "h1",
                                 .method = request_.method_text(),
                                 .host = request_.authority(),
                                 .path = request_.path(),
                                 .status = status_,
                                 .hedged = hedge_note_,
                                 .queue = queue_time_,
                                 .connect = past_.connect_time,
                                 .first_byte = first_byte_time_,
                                 .attempts = attempts_,
                                 .user_agent = request_.user_agent(),
                                 .referer = request_.referer()};
  if (context_.access_log.wants_query()) record.query = request_.query();
  if (route_ != nullptr) {
    record.route = route_->options.name;
    record.pool = route_->options.to;
  }
  if (server_ != nullptr) {
    record.server = server_->name();
    record.reused = past_.idle_for.has_value();
  }
  return record;
}

}  // namespace fairlead::proxy
