#include "sim/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "runtime/wait.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 120s;
constexpr std::string_view kGarbage = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
// Interim responses that no client asked for in such a number.
constexpr int kFlood = 40;

int number_in(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

// One connection, and the attempt that it is busy with or was busy with last.
struct Server::Link {
  Link(Server& owner, int descriptor) : server(owner), wire(owner.loop_, descriptor, kPatience) {
    server.links_.push_back(this);
  }
  ~Link() { std::erase(server.links_, this); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  Server& server;
  Wire wire;
  int id = 0;  // 0: none yet
  std::size_t index = 0;
  bool is_tainted = false;  // sent bytes that belong to nothing
};

Server::Server(runtime::SimulatedLoop& loop, Random& random, Journal& journal, ServerPlan plan)
    : loop_(loop), random_(random), journal_(journal), plan_(std::move(plan)), tasks_(loop) {}

Server::~Server() { refuse(); }

net::SocketAddress Server::address() const {
  return *net::numeric_address("10.0.0.1", static_cast<std::uint16_t>(3000 + plan_.number));
}

void Server::listen() {
  if (listener_ >= 0) return;
  const net::SocketAddress at = address();
  listener_ = loop_.listen(at.get(), at.size);
  loop_.watch(listener_, *this);
}

void Server::refuse() {
  if (listener_ >= 0) loop_.close(std::exchange(listener_, -1), false);
}

void Server::crash() {
  refuse();
  for (Link* link : links_) {
    if (link->id != 0) attempt(*link).is_uncertain = true;
    link->wire.cut();
  }
}

void Server::vanish(bool on) {
  const net::SocketAddress at = address();
  loop_.black_hole(at.get(), at.size, on);
}

Attempt& Server::attempt(const Link& link) { return journal_.attempts[link.id][link.index]; }

void Server::on_ready(runtime::Readiness /*readiness*/) {
  while (true) {
    const runtime::Accepted accepted = loop_.accept(listener_);
    if (accepted.descriptor < 0) return;
    tasks_.start(serve(accepted.descriptor));
  }
}

runtime::Task<void> Server::serve(int descriptor) {
  Link link(*this, descriptor);
  while (true) {
    // The first request has time: only what was used before is idle.
    const std::string text = co_await link.wire.read_head(link.id == 0 ? kPatience : plan_.idle);
    const std::optional<Head> head = parse_head(text);
    if (!head) {
      journal_.violations.push_back("a server got a malformed request: " + text);
      co_return;
    }
    if (!co_await serve_request(link, *head)) co_return;
  }
}

Fate Server::draw_fate(const Head& head) {
  if (plan_.faults.empty() || !random_.chance(plan_.fault_rate)) {
    return head.value("upgrade") == "websocket" ? Fate::tunnel : Fate::answered;
  }
  const Fate fate = plan_.faults[random_.below(plan_.faults.size())];
  // An answer to HEAD has no body to break.
  const bool breaks_body = fate >= Fate::reset_in_body && fate <= Fate::bad_chunk;
  return breaks_body && head.method() == "HEAD" ? Fate::reset_before : fate;
}

runtime::Task<bool> Server::serve_request(Link& link, Head head) {
  constexpr std::string_view kPrefix = "/r/";
  const bool keeps = head.value("connection") != "close";
  if (!head.target().starts_with(kPrefix)) co_return co_await answer_check(link, keeps);
  const int id = number_in(head.target().substr(kPrefix.size()));
  const Fate fate = draw_fate(head);
  std::vector<Attempt>& attempts = journal_.attempts[id];
  link.id = id;
  link.index = attempts.size();
  attempts.push_back({.server = plan_.number,
                      .method = head.method(),
                      .fate = Fate::aborted,
                      .began = loop_.now(),
                      .is_uncertain = link.is_tainted});
  co_await runtime::pause_until(loop_, loop_.now() + Duration(static_cast<std::int64_t>(random_.below(
                                                         static_cast<std::uint64_t>(plan_.think.count()) + 1))));
  const bool wants_body =
      fate != Fate::early_answer && fate != Fate::stop_reading && !(fate == Fate::reset_before && random_.chance(0.5));
  std::string body;
  if (wants_body) {
    attempt(link).asks_for_body = head.has("expect");
    if (head.has("expect")) co_await link.wire.send("HTTP/1.1 100 Continue\r\n\r\n");
    body = co_await read_body(link.wire, head, false);
    const auto size = static_cast<std::size_t>(number_in(head.value("x-body-size")));
    if (body != content(id, 'q', size)) {
      journal_.violations.push_back(
          fmt::format("request {}: server {} got another body than was sent", id, plan_.number));
    }
  }
  attempt(link).fate = fate;
  const bool is_answer = fate <= Fate::past_the_end;
  if (is_answer) co_return co_await answer(link, id, head, fate);
  if (fate == Fate::tunnel) {
    co_await serve_tunnel(link, id);
  } else {
    co_await fail(link, id, fate);
  }
  co_return false;
}

std::string Server::response_head(int id, int status, std::size_t size, bool closes) {
  std::string head = fmt::format("HTTP/1.1 {} Whatever\r\nX-Id: {}\r\nX-Server: {}\r\nX-Body-Size: {}\r\n", status, id,
                                 plan_.number, size);
  if (closes) head += "Connection: close\r\n";
  return head;
}

runtime::Task<bool> Server::answer(Link& link, int id, Head head, Fate fate) {
  static constexpr std::array kStatuses{200, 200, 200, 200, 404, 204, 304};
  const int status = kStatuses[random_.below(kStatuses.size())];
  const bool is_head = head.method() == "HEAD";
  attempt(link).status = status;
  const bool has_body = status != 204 && status != 304;
  const std::size_t size = has_body ? random_.below(plan_.max_body) : 0;
  const std::string body = content(id, 's', size);
  const std::uint64_t framing = fate == Fate::past_the_end ? 0 : random_.below(3);  // length, chunked, until close
  const bool closes = (has_body && framing == 2) || fate == Fate::early_answer || random_.chance(plan_.close_rate);

  std::string response;
  if (random_.chance(0.1)) response += "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
  response += response_head(id, status, size, closes);
  if (has_body && framing == 0) response += fmt::format("Content-Length: {}\r\n\r\n", size);
  if (has_body && framing == 1) response += "Transfer-Encoding: chunked\r\n\r\n";
  if (!has_body || framing == 2) response += "\r\n";
  if (has_body && !is_head) {
    response += framing == 1 ? chunked(body, 1 + random_.below(size + 1), random_.chance(0.3)) : body;
  }
  if (fate == Fate::past_the_end) {
    // Where it comes in one piece with the answer, even a valid response is seen to belong to nothing.
    response += plan_.sends_whole ? "HTTP/1.1 200 OK\r\nX-Fault: poison\r\nContent-Length: 6\r\n\r\npoison"
                                  : "\x01 nobody asked\r\n\r\n";
    link.is_tainted = true;
    attempt(link).is_done = true;  // Whoever sees the surplus may end the connection before all of it was sent.
  }
  const Pace pace =
      !plan_.sends_whole && random_.chance(0.2) ? Pace{.piece = 1 + response.size() / 8, .pause = 100ms} : Pace{};
  co_await link.wire.send(std::move(response), pace);
  attempt(link).is_done = true;
  ++journal_.answers;
  if (fate == Fate::early_answer) {
    link.wire.connection().shutdown_send();
    co_await link.wire.drain();
  }
  co_return !closes;
}

runtime::Task<void> Server::fail(Link& link, int id, Fate fate) {
  Wire& wire = link.wire;
  attempt(link).is_done = true;
  switch (fate) {
    case Fate::hang:
      static_cast<void>(co_await wire.drain().result());
      attempt(link).ended = loop_.now();
      break;
    case Fate::stop_reading:
      co_await runtime::pause_until(loop_, loop_.now() + 600s);
      break;
    case Fate::reset_before:
      wire.connection().reset_on_close();
      break;
    case Fate::reset_in_head:
      wire.connection().reset_on_close();
      [[fallthrough]];
    case Fate::close_in_head:
      co_await wire.send(fmt::format("HTTP/1.1 200 OK\r\nX-Id: {}\r\nContent-Le", id));
      break;
    case Fate::garbage:
      co_await wire.send(std::string(kGarbage));
      break;
    case Fate::both_framings:
      co_await wire.send(response_head(id, 200, 5, false) +
                         "X-Fault: both\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
      break;
    case Fate::two_lengths:
      co_await wire.send(response_head(id, 200, 5, false) +
                         "X-Fault: two\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello");
      break;
    case Fate::flood: {
      std::string flood;
      for (int index = 0; index < kFlood; ++index) flood += "HTTP/1.1 103 Early Hints\r\n\r\n";
      co_await wire.send(flood + response_head(id, 200, 0, false) + "X-Fault: flood\r\nContent-Length: 0\r\n\r\n");
      break;
    }
    case Fate::reset_in_body:
    case Fate::close_in_body:
    case Fate::stall_in_body:
    case Fate::bad_chunk:
      co_await break_body(link, id, fate);
      break;
    default:
      break;  // close_before: nothing is sent.
  }
}

runtime::Task<void> Server::break_body(Link& link, int id, Fate fate) {
  const std::size_t size = 20 + random_.below(plan_.max_body);
  const std::string body = content(id, 's', size);
  const std::string part = body.substr(0, random_.below(size - 1));
  std::string response = response_head(id, 200, size, false);
  if (fate != Fate::bad_chunk && random_.chance(0.5)) {
    response += fmt::format("Content-Length: {}\r\n\r\n{}", size, part);
  } else {
    response += "Transfer-Encoding: chunked\r\n\r\n";
    // Without the last chunk.
    const std::string chunks = chunked(part, 1 + random_.below(size), false);
    response += chunks.substr(0, chunks.size() - 5);
    if (fate == Fate::bad_chunk) response += "xyz\r\n";
  }
  co_await link.wire.send(std::move(response));
  if (fate == Fate::reset_in_body) link.wire.connection().reset_on_close();
  if (fate == Fate::stall_in_body) co_await link.wire.drain();
}

runtime::Task<void> Server::serve_tunnel(Link& link, int id) {
  std::string response = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Id: {}\r\nX-Server: "
      "{}\r\n\r\nhello\r\n",
      id, plan_.number);
  co_await link.wire.send(std::move(response));
  attempt(link).is_done = true;
  ++journal_.answers;
  while (true) {
    const std::string line = co_await link.wire.read_line();
    if (!plan_.faults.empty() && random_.chance(0.1)) {
      attempt(link).is_uncertain = true;
      link.wire.cut();
    }
    co_await link.wire.send(line + "\r\n");
  }
}

runtime::Task<bool> Server::answer_check(Link& link, bool keeps) {
  co_await link.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  co_return keeps;
}

}  // namespace fairlead::sim
