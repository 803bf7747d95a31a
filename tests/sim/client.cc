#include "sim/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "runtime/both.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

// Longer than any promise of the proxy: who waits for so long waits in vain.
constexpr Duration kPatience = 240s;

Duration random_time(Random& random, Duration below) {
  return Duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(below.count()) + 1)));
}

int number_in(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Client::Client(runtime::SimulatedLoop& loop, Random& random, Journal& journal, net::SocketAddress proxy,
               ClientPlan plan, int& next_id)
    : loop_(loop),
      random_(random),
      journal_(journal),
      proxy_(proxy),
      plan_(plan),
      next_id_(next_id),
      may_send_body_(loop) {}

runtime::Task<void> Client::run() {
  for (int batch = 0; batch < plan_.batches; ++batch) {
    co_await runtime::pause_until(loop_, loop_.now() + random_time(random_, plan_.max_think));
    plan_batch();
    static_cast<void>(co_await run_batch().result());
  }
  wire_.reset();
}

Client::Request Client::make_request(Manner manner) {
  Request request;
  request.id = ++next_id_;
  request.is_old = chance(plan_.old_rate);
  request.upgrades = !request.is_old && chance(plan_.upgrade_rate);
  const bool is_post = !request.upgrades && (manner == Manner::half_body || chance(0.4));
  request.method = is_post                                                       ? (chance(0.3) ? "PUT" : "POST")
                   : !request.upgrades && manner < Manner::stalls && chance(0.2) ? "HEAD"
                                                                                 : "GET";
  request.closes = !request.upgrades && chance(plan_.close_rate);
  request.head = fmt::format("{} /r/{}?q=1 HTTP/1.{}\r\nHost: app\r\nX-Forwarded-For: 6.6.6.6\r\n", request.method,
                             request.id, request.is_old ? 0 : 1);
  if (request.upgrades) request.head += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  if (request.closes) request.head += "Connection: close\r\n";
  if (is_post) {
    // A body of nothing is as good a reason not to repeat a request.
    std::size_t size = chance(0.1) && manner != Manner::half_body ? 0 : 1 + random_.below(plan_.max_body);
    if (plan_.edge && chance(0.3)) size = *plan_.edge + random_.below(2);
    request.body_size = size;
    request.body = content(request.id, 'q', size);
    request.head += fmt::format("X-Body-Size: {}\r\n", size);
    request.expects = !request.is_old && chance(0.2);
    if (request.expects) request.head += "Expect: 100-continue\r\n";
    if (request.is_old || chance(0.5)) {
      request.head += fmt::format("Content-Length: {}\r\n", size);
      request.states_size = true;
    } else {
      request.head += "Transfer-Encoding: chunked\r\n";
      request.body = chunked(request.body, 1 + random_.below(size + 1), chance(0.3));
    }
  }
  if (plan_.is_known) request.head += fmt::format("X-User: {}\r\n", plan_.number);
  request.has_cookie = !cookie_.empty();
  if (request.has_cookie) request.head += "Cookie: " + cookie_ + "\r\n";
  stretch(request);
  request.head += "\r\n";
  return request;
}

void Client::stretch(Request& request) {
  const std::size_t beyond = random_.below(2);
  if (plan_.longest_target != 0 && chance(0.1)) {
    const std::size_t begin = request.head.find(' ') + 1;
    const std::size_t end = request.head.find(' ', begin);
    request.head.insert(end, plan_.longest_target + beyond - (end - begin), 'x');
    if (beyond == 1) request.refusal = 414;
  } else if (plan_.most_fields != 0 && chance(0.1)) {
    // The first line is none.
    auto fields = static_cast<std::size_t>(std::ranges::count(request.head, '\n')) - 1;
    for (; fields < plan_.most_fields + beyond; ++fields) request.head += "X-More: 1\r\n";
    if (beyond == 1) request.refusal = 431;
  }
}

void Client::plan_batch() {
  manner_ = Manner::plain;
  if (chance(plan_.slow_rate)) manner_ = chance(0.5) ? Manner::slow_sender : Manner::slow_reader;
  if (chance(plan_.unfair_rate)) manner_ = static_cast<Manner>(3 + random_.below(5));
  batch_.clear();
  answered_ = 0;
  may_send_body_.clear();
  const std::uint64_t count = is_unfair() ? 1 : 1 + random_.below(static_cast<std::uint64_t>(plan_.pipeline));
  for (std::uint64_t index = 0; index < count; ++index) {
    Request request = make_request(manner_);
    // Whoever asks for something special waits for its end before going on.
    const bool is_special = request.expects || request.upgrades || request.closes || request.is_old;
    if (is_special && index > 0) break;
    batch_.push_back(std::move(request));
    if (is_special) break;
  }
}

runtime::Task<void> Client::run_batch() {
  if (wire_ == nullptr) {
    const runtime::Accepted socket = loop_.connect(proxy_.get(), proxy_.size);
    wire_ = std::make_unique<Wire>(loop_, socket.descriptor, kPatience);
    is_fresh_ = true;
    const Result<void> connected = co_await with_result(wire_->connection().writable(loop_.now() + kPatience));
    if (!connected || loop_.connect_error(socket.descriptor) != 0) {
      wire_.reset();
      co_return;
    }
  }
  for (std::size_t index = 0; index < batch_.size(); ++index) {
    journal_.outcomes[batch_[index].id] = {.method = batch_[index].method,
                                           .conduct = {.is_fair = !is_unfair(),
                                                       .is_first = is_fresh_ && index == 0,
                                                       .is_pipelined = index > 0,
                                                       .is_followed = index + 1 < batch_.size(),
                                                       .is_slow = manner_ != Manner::plain,
                                                       .leaves = manner_ == Manner::leaves,
                                                       .expects_refusal = manner_ == Manner::garbage,
                                                       .refusal = batch_[index].refusal},
                                           .body = batch_[index].body_size,
                                           .states_size = batch_[index].states_size,
                                           .began = loop_.now(),
                                           .client = plan_.number,
                                           .has_cookie = batch_[index].has_cookie};
  }
  if (manner_ == Manner::slow_reader) wire_->read_at({.piece = 512 + random_.below(4096), .pause = 20ms});
  const Result<void> outcome =
      co_await runtime::Both(send_batch(), receive_batch(), [this] { wire_->connection().cancel(); });
  wire_->read_at({});
  is_fresh_ = false;
  if (outcome && !wire_->unread().empty()) violate(batch_.back(), "bytes came after its response");
  if (!outcome || is_unfair()) wire_.reset();
}

runtime::Task<void> Client::send_batch() {
  if (is_unfair()) {
    // Ends the batch: whoever leaves waits for nothing.
    co_await misbehave(batch_.front());
    co_await runtime::fail({.code = ErrorCode::canceled});
  }
  for (const Request& request : batch_) {
    // What cannot be sent any more may have its answer already: the other half finds out.
    if (!co_await send_request(request).result()) co_return;
    Outcome& outcome = journal_.outcomes[request.id];
    if (outcome.ending == Ending::unsent) outcome.ending = Ending::pending;
  }
}

runtime::Task<void> Client::send_request(const Request& request) {
  const std::size_t size = request.head.size() + request.body.size();
  const Pace pace = manner_ == Manner::slow_sender ? Pace{.piece = 1 + size / 8, .pause = 50ms} : Pace{};
  if (!request.expects) {
    co_await wire_->send(request.head + request.body, pace);
    co_return;
  }
  co_await wire_->send(request.head, pace);
  static_cast<void>(co_await with_result(may_send_body_.wait(loop_.now() + 1s)));
  if (answered_ == 0) co_await wire_->send(request.body, pace);
}

runtime::Task<void> Client::misbehave(const Request& request) {
  const std::string whole = request.head + request.body;
  std::size_t sent = whole.size();
  switch (manner_) {
    case Manner::half_head:
      sent = random_.below(request.head.size());
      break;
    case Manner::half_body:
      sent = request.head.size() + random_.below(request.body.size());
      break;
    case Manner::stalls:
      sent = random_.below(whole.size());
      break;
    case Manner::garbage:
      co_await wire_->send("\x16\x03\x01 hello\r\n\r\n");
      co_await runtime::pause_until(loop_, loop_.now() + 5s);
      co_return;
    default:
      break;
  }
  co_await wire_->send(whole.substr(0, sent));
  const bool stays = manner_ == Manner::stalls;
  co_await runtime::pause_until(loop_, loop_.now() + (stays ? 60s : random_time(random_, 100ms)));
  if (!stays && chance(0.5)) wire_->connection().reset_on_close();
}

runtime::Task<void> Client::receive_batch() {
  for (std::size_t index = 0; index < batch_.size(); ++index) {
    bool goes_on = false;
    const Result<void> received = co_await receive_response(batch_[index], goes_on).result();
    may_send_body_.set();
    if (!received) {
      const ErrorCode code = received.error().code;
      const bool in_order =
          code == ErrorCode::client_gone && wire_->unread().empty() && journal_.outcomes[batch_[index].id].status == 0;
      if (code == ErrorCode::bad_response) violate(batch_[index], "the response is malformed");
      note_end(index, code == ErrorCode::timed_out ? Ending::no_patience : in_order ? Ending::closed : Ending::cut);
      if (index + 1 < batch_.size()) note_end(index + 1, Ending::closed);
      co_await Result<void>(received);
    }
    journal_.outcomes[batch_[index].id].ending = Ending::answered;
    if (journal_.outcomes[batch_[index].id].status != 101) journal_.outcomes[batch_[index].id].ended = loop_.now();
    answered_ = index + 1;
    if (goes_on) continue;
    if (index + 1 < batch_.size()) note_end(index + 1, Ending::closed);
    const Result<std::string> rest = co_await wire_->read_to_end().result();
    const bool is_tunnel = journal_.outcomes[batch_[index].id].status == 101;
    // Who refuses without reading the method does not know of HEAD.
    const Outcome& outcome = journal_.outcomes[batch_[index].id];
    const bool may_have_body = batch_[index].refusal != 0 || outcome.was_full || outcome.was_shed;
    if (rest && !rest->empty() && !is_tunnel && !may_have_body)
      violate(batch_[index], "bytes came after the last response");
    if (!rest && rest.error().code == ErrorCode::timed_out) violate(batch_[index], "the connection was not ended");
    co_await runtime::fail({.code = ErrorCode::client_gone});
  }
}

// The request at `from` and those behind it.
void Client::note_end(std::size_t from, Ending ending) {
  for (std::size_t index = from; index < batch_.size(); ++index) {
    Outcome& outcome = journal_.outcomes[batch_[index].id];
    outcome.ending = ending;
    outcome.ended = loop_.now();
  }
}

runtime::Task<Head> Client::receive_head(const Request& request) {
  while (true) {
    const std::optional<Head> head = parse_head(co_await wire_->read_head(kPatience));
    if (!head || head->status() == 0) co_await runtime::fail({.code = ErrorCode::bad_response});
    if (head->status() == 100) {
      journal_.outcomes[request.id].was_asked_for_body = true;
      may_send_body_.set();
    }
    if (head->status() >= 200 || head->status() == 101) co_return *head;
    if (request.is_old) violate(request, "an interim response went to HTTP/1.0");
  }
}

runtime::Task<void> Client::receive_response(const Request& request, bool& goes_on) {
  const Head head = co_await receive_head(request);
  const int status = head.status();
  journal_.outcomes[request.id].status = status;
  journal_.outcomes[request.id].server = number_in(head.value("x-server"));
  if (const std::string set = head.value("set-cookie"); plan_.is_known && !set.empty())
    cookie_ = set.substr(0, set.find(';'));
  if (status == 101) {
    if (!request.upgrades) violate(request, "the protocol was switched for no reason");
    // Its end says nothing of the answer, which has come.
    journal_.outcomes[request.id].ended = loop_.now();
    static_cast<void>(co_await use_tunnel(request).result());
    co_return;
  }
  goes_on = !head.value("connection").contains("close") && !request.is_old;
  const bool has_body = request.method != "HEAD" && status != 204 && status != 304;
  std::string body;
  if (has_body) body = co_await read_body(*wire_, head, request.is_old);
  note_answer(request, head, body);
  if (request.closes && goes_on) violate(request, "the connection goes on against the request");
}

void Client::note_answer(const Request& request, const Head& head, const std::string& body) {
  if (head.has("x-fault")) violate(request, "a malformed response got through: " + head.value("x-fault"));
  // What a listener says to a connection that it does not take.
  const bool is_about_connection = head.value("x-request-id").empty() && (head.status() == 503 || head.status() == 429);
  journal_.outcomes[request.id].was_full = is_about_connection;
  journal_.outcomes[request.id].was_shed = head.status() == 503 && head.value("retry-after") == "1";
  if (head.value("x-request-id").empty() && !is_about_connection) violate(request, "the response has no request id");
  if (!head.has("x-id")) {
    if (head.has("x-server")) violate(request, "the response was mixed with another");
    if (head.status() < 400) violate(request, "the proxy's own answer is no error");
    return;
  }
  if (number_in(head.value("x-id")) != request.id) violate(request, "it got the response to " + head.value("x-id"));
  const bool has_body = request.method != "HEAD" && head.status() != 204 && head.status() != 304;
  const auto size = static_cast<std::size_t>(number_in(head.value("x-body-size")));
  if (has_body && body != content(request.id, 's', size)) violate(request, "the response's body is not what was sent");
}

runtime::Task<void> Client::use_tunnel(const Request& request) {
  if (co_await wire_->read_line() != "hello") violate(request, "the first line of the tunnel was lost");
  const std::uint64_t lines = random_.below(5);
  for (std::uint64_t index = 0; index < lines; ++index) {
    co_await runtime::pause_until(loop_, loop_.now() + random_time(random_, 1s));
    std::string line = content(request.id, 't', 10 + random_.below(plan_.max_body));
    std::erase_if(line, [](char letter) { return letter == '\r' || letter == '\n'; });
    co_await wire_->send(line + "\r\n");
    if (co_await wire_->read_line() != line) violate(request, "the echo of the tunnel is another");
  }
  journal_.outcomes[request.id].tunnel_is_whole = true;
  const std::uint64_t end = random_.below(3);
  if (end == 0) wire_->cut();
  if (end != 1) co_return;  // Nothing more is said: the proxy ends the tunnel.
  const TimePoint ended = loop_.now();
  wire_->connection().shutdown_send();
  static_cast<void>(co_await wire_->read_to_end().result());
  if (loop_.now() > ended + 5s) violate(request, "the end of the tunnel was not passed on");
}

void Client::violate(const Request& request, std::string_view what) {
  journal_.violations.push_back(fmt::format("request {} ({}): {}", request.id, request.method, what));
}

}  // namespace fairlead::sim
