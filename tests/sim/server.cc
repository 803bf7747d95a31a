#include "sim/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "runtime/wait.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

// What a server would never be asked for twice in good faith.
constexpr std::string_view kPoison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

Duration part_of(Random& random, Duration most) {
  return Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

bool has_body(const std::string& method, int status) { return method != "HEAD" && status != 204 && status != 304; }

}  // namespace

struct Server::Request {
  std::uint64_t id = 0;
  std::string method;
  std::size_t answer_length = 0;
  bool wants_close = false;
  Record* record = nullptr;
};

Server::~Server() { FAIRLEAD_ASSERT(listener_ < 0 && wires_.empty()); }

void Server::open() {
  if (listener_ >= 0) return;
  listener_ = loop_.listen(address_.get(), address_.size);
  loop_.watch(listener_, *this);
}

void Server::crash() {
  if (listener_ >= 0) loop_.close(std::exchange(listener_, -1), false);
  for (Wire* wire : wires_) {
    wire->connection().reset_on_close();
    wire->connection().cancel();
  }
}

void Server::on_ready(runtime::Readiness readiness) {
  if (!readiness.readable) return;
  while (listener_ >= 0) {
    const runtime::Accepted accepted = loop_.accept(listener_);
    if (accepted.descriptor < 0) return;
    tasks_.start(serve(accepted.descriptor));
  }
}

runtime::Task<void> Server::serve(int descriptor) {
  Wire wire(loop_, descriptor, random_, script_.sending, script_.reading);
  wires_.insert(&wire);
  // The first request has all the time it wants: only what was used before is closed while idle.
  Deadline idle = kNever;
  while (true) {
    Head head;
    const ReadEnd got = co_await wire.read_head(head, idle);
    if (got == ReadEnd::malformed) ledger_.violation("a server was sent a malformed head: " + head.start_line);
    if (got != ReadEnd::complete || !co_await serve_request(wire, std::move(head))) break;
    if (script_.idle_close > Duration()) idle = loop_.now() + part_of(random_, script_.idle_close);
  }
  wires_.erase(&wire);
}

Deed Server::next_deed() {
  if (!random_.chance(script_.wild)) return Deed::answer;
  constexpr auto kLast = static_cast<std::uint64_t>(Deed::bytes_past_the_end);
  const auto deed = static_cast<Deed>(1 + random_.below(kLast));
  return deed == Deed::bytes_past_the_end && !script_.sends_whole ? Deed::answer : deed;
}

runtime::Task<bool> Server::serve_request(Wire& wire, Head head) {
  const std::string& line = head.start_line;
  const std::size_t target = line.find(' ') + 1;
  const std::size_t version = line.rfind(' ');
  if (target == 0 || version <= target || line.substr(version) != " HTTP/1.1" || head.count("host") != 1) {
    ledger_.violation("a server was sent a malformed request: " + line);
    co_return false;
  }
  const std::string path = line.substr(target, version - target);
  if (path == "/health") {
    co_return co_await wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
  Request request{.method = line.substr(0, target - 1)};
  if (!parse_path(path, request.id, request.answer_length)) {
    ledger_.violation("a server was sent what nobody asked for: " + line);
    co_return false;
  }
  request.record = ledger_.find(request.id);
  if (request.record == nullptr || request.record->method != request.method ||
      request.record->answer_length != request.answer_length) {
    ledger_.violation("a server was sent what nobody asked for: " + line);
    co_return false;
  }
  ++request.record->executions;
  const std::string* connection = head.find("connection");
  request.wants_close = connection != nullptr && *connection == "close";

  const Deed deed = next_deed();
  if (deed == Deed::answer_early) {
    co_await answer(wire, deed, request);
    co_return false;
  }
  const bool reads_first = deed != Deed::reset_before || random_.chance(0.5);
  if (reads_first && co_await read_upload(wire, head, request) != ReadEnd::complete) co_return false;
  co_await runtime::pause_until(loop_, loop_.now() + part_of(random_, script_.think));
  if (wire.connection().is_canceled()) co_return false;
  co_return co_await perform(wire, deed, request);
}

runtime::Task<ReadEnd> Server::read_upload(Wire& wire, const Head& head, const Request& request) {
  std::string body;
  const ReadEnd got = co_await wire.read_body(head, BodyOf::request, body, kNever);
  const std::string due = content(request.id, 'u', request.record->upload_length);
  const bool is_right = got == ReadEnd::complete ? body == due : due.starts_with(body);
  if (!is_right || got == ReadEnd::malformed) {
    ledger_.violation(fmt::format("a server was sent a wrong body with request {} ({}): {} of {} bytes", request.id,
                                  name_of(got), body.size(), due.size()));
  }
  co_return got;
}

runtime::Task<bool> Server::perform(Wire& wire, Deed deed, const Request& request) {
  switch (deed) {
    case Deed::hang:
      co_await wire.read_to_end(kNever);
      co_return false;
    case Deed::reset_before:
      wire.connection().reset_on_close();
      co_return false;
    case Deed::close_before:
      co_return false;
    case Deed::garbage:
      co_await wire.send("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n");
      co_return false;
    case Deed::too_many_interim:
      for (int count = 0; count < 50; ++count) {
        if (!co_await wire.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")) break;
      }
      co_return false;
    default:
      co_return co_await answer(wire, deed, request);
  }
}

std::string Server::body_text(const Request& request, bool is_chunked, bool is_broken) {
  std::string body = content(request.id, 'a', request.answer_length);
  if (!is_chunked) return body;
  std::string text;
  while (!body.empty()) {
    const std::size_t size = 1 + random_.below(body.size());
    text += fmt::format("{:x}\r\n{}\r\n", size, body.substr(0, size));
    body.erase(0, size);
  }
  return text + (is_broken ? "xyz\r\n" : "0\r\n\r\n");
}

runtime::Task<bool> Server::answer(Wire& wire, Deed deed, const Request& request) {
  constexpr std::array<int, 4> kOther{204, 304, 404, 503};
  const bool is_cut = deed == Deed::reset_within || deed == Deed::close_within;
  const bool is_faulty = deed == Deed::both_framings || deed == Deed::two_lengths;
  const bool is_other = !is_faulty && deed != Deed::bad_chunk && random_.chance(script_.other_status);
  const int status = is_other ? kOther[random_.below(kOther.size())] : 200;
  const bool is_bodiless = status == 204 || status == 304;
  const bool is_closing = deed == Deed::answer_early || request.wants_close || random_.chance(0.1);
  const bool is_until_close = is_closing && !is_cut && !is_bodiless && deed == Deed::answer && random_.chance(0.3);
  const bool is_chunked =
      deed == Deed::bad_chunk || (!is_until_close && !is_bodiless && !is_faulty && random_.chance(0.4));
  // A head that must not get through is no answer.
  if (!is_faulty) request.record->statuses.insert(status);

  std::string text;
  if (random_.chance(0.1)) text += "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
  text += fmt::format("HTTP/1.1 {} Some Reason\r\nX-Server: sim\r\n", status);
  if (is_chunked || deed == Deed::both_framings) text += "Transfer-Encoding: chunked\r\n";
  if ((!is_until_close && !is_chunked && status != 204) || is_faulty) {
    text += fmt::format("Content-Length: {}\r\n", request.answer_length);
  }
  if (deed == Deed::two_lengths) text += fmt::format("Content-Length: {}\r\n", request.answer_length + 1);
  if (is_closing) text += "Connection: close\r\n";
  text += "\r\n";
  const std::size_t head_size = text.size();
  if (has_body(request.method, status)) text += body_text(request, is_chunked, deed == Deed::bad_chunk);
  if (deed == Deed::bytes_past_the_end) text += kPoison;
  if (is_cut) {
    // Somewhere before the end; half of the time within the body, if it has one.
    const std::size_t least = text.size() > head_size && random_.chance(0.5) ? head_size : 1;
    text.resize(std::min(text.size() - 1, least + random_.below(text.size() - least + 1)));
  }
  const bool has_sent = co_await wire.send(std::move(text));
  if (deed == Deed::reset_within) wire.connection().reset_on_close();
  co_return has_sent && !is_closing && !is_cut && deed != Deed::bad_chunk;
}

}  // namespace fairlead::sim
