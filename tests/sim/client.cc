#include "sim/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/both.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

Duration part_of(Random& random, Duration most) {
  return Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace

runtime::Task<void> Client::run(net::SocketAddress proxy) {
  co_await runtime::pause_until(loop_, script_.begins);
  const runtime::Accepted socket = loop_.connect(proxy.get(), proxy.size);
  Wire wire(loop_, socket.descriptor, random_, script_.sending, script_.reading);
  deadline_ = std::min(script_.vanishes, loop_.now() + kPatience);
  to_send_ = script_.requests;
  const Result<void> writable = co_await with_result(wire.connection().writable(deadline_));
  if (writable && loop_.connect_error(socket.descriptor) == 0) {
    // Both end by themselves once the connection or the patience does.
    static_cast<void>(co_await runtime::Both(send_requests(wire), read_answers(wire), [] {}));
  }
  if (script_.vanishes_by_reset) wire.connection().reset_on_close();
  const bool has_vanished = loop_.now() >= script_.vanishes;
  if (!has_vanished) co_return;
  for (const std::uint64_t id : waiting_) ledger_.find(id)->is_excused = true;
}

std::string Client::request_text(std::uint64_t id, bool is_last) {
  const Record& record = *ledger_.find(id);
  std::string text = fmt::format("{} {} HTTP/1.{}\r\nHost: app.example\r\n", record.method,
                                 path_of(id, record.answer_length), script_.is_old ? 0 : 1);
  if (is_last && script_.closes) text += "Connection: close\r\n";
  if (record.method != "POST") return text + "\r\n";
  std::string body = content(id, 'u', record.upload_length);
  if (script_.is_old || random_.chance(0.5)) {
    return text + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
  }
  text += "Transfer-Encoding: chunked\r\n\r\n";
  while (!body.empty()) {
    const std::size_t size = 1 + random_.below(body.size());
    text += fmt::format("{:x}\r\n{}\r\n", size, body.substr(0, size));
    body.erase(0, size);
  }
  return text + "0\r\n\r\n";
}

runtime::Task<void> Client::send_requests(Wire& wire) {
  for (; to_send_ > 0 && !has_ended_; --to_send_) {
    if (waiting_.size() >= script_.window) {
      has_room_.clear();
      static_cast<void>(co_await with_result(has_room_.wait(deadline_)));
      if (waiting_.size() >= script_.window || has_ended_) co_return;
    }
    if (script_.think > Duration()) {
      co_await runtime::pause_until(loop_, std::min(deadline_, loop_.now() + part_of(random_, script_.think)));
      if (has_ended_) co_return;
    }
    const double draw = random_.unit();
    const bool is_post = draw < script_.post_share;
    const char* method = is_post ? "POST" : draw < script_.post_share + script_.head_share ? "HEAD" : "GET";
    // Now and then a large one.
    const auto size = [&] { return random_.below(random_.chance(0.2) ? script_.max_body + 1 : 500); };
    const std::uint64_t id = ledger_.open(method, size(), is_post && random_.chance(0.7) ? size() : 0);
    waiting_.push_back(id);
    if (!co_await wire.send(request_text(id, to_send_ == 1))) co_return;
  }
}

runtime::Task<void> Client::read_answers(Wire& wire) {
  while (co_await read_answer(wire)) {
    has_room_.set();
    if (waiting_.empty() && to_send_ == 0) {
      co_await expect_silence(wire);
      break;
    }
  }
  has_ended_ = true;
  has_room_.set();
  // The sender may wait for room that will never come.
  wire.connection().cancel();
}

runtime::Task<bool> Client::read_answer(Wire& wire) {
  Head head;
  ReadEnd got = ReadEnd::complete;
  do {
    got = co_await wire.read_head(head, deadline_);
  } while (got == ReadEnd::complete && head.status() >= 100 && head.status() < 200);
  if (got == ReadEnd::complete && head.status() == 0) got = ReadEnd::malformed;
  if (got == ReadEnd::timed_out && loop_.now() >= script_.vanishes) co_return false;
  if (got == ReadEnd::malformed || got == ReadEnd::timed_out) {
    complain(waiting_.empty() ? 0 : waiting_.front(), head.start_line, got);
    co_return false;
  }
  if (got != ReadEnd::complete) co_return false;
  if (waiting_.empty()) {
    complain(0, "an answer to no request", got);
    co_return false;
  }
  const std::uint64_t id = waiting_.front();
  const int status = head.status();
  const bool is_bodiless = ledger_.find(id)->method == "HEAD" || status == 204 || status == 304;
  std::string body;
  got = co_await wire.read_body(head, is_bodiless ? BodyOf::bodiless_response : BodyOf::response, body, deadline_);
  judge(id, head, body, got);
  if (got != ReadEnd::complete) co_return false;
  waiting_.pop_front();
  const std::string* connection = head.find("connection");
  const bool is_last = connection == nullptr ? script_.is_old : *connection == "close";
  if (!is_last) co_return true;
  // A POST must not be repeated: when it fails, what waits behind it on the connection fails with it.
  if (ledger_.find(id)->method == "POST" && status >= 400) {
    for (const std::uint64_t behind : waiting_) ledger_.find(behind)->is_excused = true;
  }
  co_await expect_silence(wire);
  co_return false;
}

void Client::judge(std::uint64_t id, const Head& head, const std::string& body, ReadEnd end) {
  Record& record = *ledger_.find(id);
  const int status = head.status();
  if (end == ReadEnd::malformed) return complain(id, head.start_line, end);
  if (end == ReadEnd::timed_out && loop_.now() < script_.vanishes) return complain(id, "half an answer", end);
  if (head.count("x-request-id") != 1) complain(id, "no X-Request-Id", end);
  const bool is_from_server = head.find("x-server") != nullptr;
  if (is_from_server || status < 400) {
    if (!record.statuses.contains(status)) complain(id, "a status that no server gave: " + head.start_line, end);
    const std::string due = content(id, 'a', record.answer_length);
    const bool has_body = record.method != "HEAD" && status != 204 && status != 304;
    const bool is_right = !has_body ? body.empty() : end == ReadEnd::complete ? body == due : due.starts_with(body);
    if (!is_right) complain(id, fmt::format("a wrong body: {} of {} bytes", body.size(), due.size()), end);
  }
  if (end != ReadEnd::complete) return;
  ++record.answers;
  record.status = status;
}

// After the last answer nothing more may come but the end.
runtime::Task<void> Client::expect_silence(Wire& wire) {
  has_ended_ = true;
  has_room_.set();
  const ReadEnd got = co_await wire.read_to_end(std::min(deadline_, loop_.now() + 100ms));
  if (!wire.unread().empty()) complain(0, "more than the answers: " + wire.unread().substr(0, 60), got);
}

void Client::complain(std::uint64_t id, std::string_view what, ReadEnd end) {
  ledger_.violation(fmt::format("client, request {} ({}): {}", id, name_of(end), what));
}

}  // namespace fairlead::sim
