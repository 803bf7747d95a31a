#include "sim/connection_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "app/health_monitor.h"
#include "app/snapshot_builder.h"
#include "app/worker.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"
#include "sim/message.h"

namespace fairlead::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 60s;

class NobodyListens final : public pool::SuspectListener {
 public:
  void on_suspect(pool::Server&) override {}
};

class Check final : private runtime::EventSource {
 public:
  explicit Check(std::uint8_t control);
  std::vector<std::string> run(std::string_view bytes);

 private:
  void on_ready(runtime::Readiness readiness) override;
  runtime::Task<void> serve(int descriptor);
  runtime::Task<bool> serve_request(Wire& wire, const Head& head);
  runtime::Task<void> send(Wire& wire, std::string bytes);
  runtime::Task<void> receive(Wire& wire);
  runtime::Task<void> play(std::string bytes);
  void complain(std::string what) { found_.push_back(std::move(what)); }

  std::uint8_t control_;
  runtime::SimulatedLoop loop_;
  net::SocketAddress proxy_ = *net::numeric_address("10.9.9.9", 80);
  net::SocketAddress server_ = *net::numeric_address("10.0.0.1", 3000);
  int proxy_listener_;
  int server_listener_;
  NobodyListens nobody_;
  proxy::Seating process_seats_;
  app::Worker worker_;
  std::shared_ptr<const proxy::SessionSettings> settings_;
  runtime::TaskGroup tasks_;
  std::vector<std::string> found_;
};

Check::Check(std::uint8_t control)
    : control_(control),
      loop_(control, {.cut = control % 4 == 0 ? 0.9 : 0.2}),
      proxy_listener_(loop_.listen(proxy_.get(), proxy_.size)),
      server_listener_(loop_.listen(server_.get(), server_.size)),
      worker_(loop_, control, nobody_),
      settings_(std::make_shared<const proxy::SessionSettings>(
          proxy::SessionSettings{.listener = "web",
                                 .http = {.header_timeout = 5s, .body_idle = 5s, .keepalive = 5s, .header_size = 8192},
                                 .seats = std::make_shared<proxy::ListenerSeats>(process_seats_)})),
      tasks_(loop_) {
  loop_.watch(server_listener_, *this);
  app::Options options;
  options.pools["web"].servers = {{.name = "s", .address = {.host = "10.0.0.1", .port = 3000}}};
  options.routes = {{.to = "web"}};
  app::SnapshotBuilder builder;
  worker_.apply({.snapshot = builder.build(options, 1),
                 .listeners = {{.socket = proxy_listener_, .settings = settings_}},
                 .access_log = {}});
}

void Check::on_ready(runtime::Readiness /*readiness*/) {
  while (true) {
    const runtime::Accepted accepted = loop_.accept(server_listener_);
    if (accepted.descriptor < 0) return;
    tasks_.start(serve(accepted.descriptor));
  }
}

runtime::Task<void> Check::serve(int descriptor) {
  Wire wire(loop_, descriptor, kPatience);
  while (true) {
    const std::optional<Head> head = parse_head(co_await wire.read_head(kPatience));
    if (!head) {
      complain("the server got a malformed head");
      co_return;
    }
    if (!co_await serve_request(wire, *head)) co_return;
  }
}

runtime::Task<bool> Check::serve_request(Wire& wire, const Head& head) {
  const std::string& line = head.first_line;
  if (std::ranges::count(line, ' ') != 2 || !line.ends_with(" HTTP/1.1")) complain("a request line: " + line);
  if (head.fields.count("host") != 1) complain("a request without exactly one Host");
  if (head.value("x-forwarded-for").empty()) complain("a request without exactly one X-Forwarded-For");
  const Result<std::string> body = co_await read_body(wire, head, false).result();
  if (!body && body.error().code == ErrorCode::bad_response) complain("the framing of a request: " + line);
  co_await Result<void>(body ? Result<void>() : std::unexpected(body.error()));
  // The client is told the method, since it decides whether a body follows.
  std::string answer = fmt::format("HTTP/1.1 200 OK\r\nX-Method: {}\r\nContent-Length: 5\r\n\r\n", head.method());
  if (head.method() != "HEAD") answer += "hello";
  co_await wire.send(std::move(answer));
  co_return true;
}

runtime::Task<void> Check::send(Wire& wire, std::string bytes) {
  // Where the worker takes no more, its answers say why.
  static_cast<void>(co_await wire.send(std::move(bytes)).result());
  if ((control_ & 0x40) != 0) wire.connection().shutdown_send();
  if ((control_ & 0x80) == 0) co_return;
  co_await runtime::pause_until(loop_, loop_.now() + std::chrono::milliseconds(control_ % 16));
  wire.cut();
}

runtime::Task<void> Check::receive(Wire& wire) {
  while (true) {
    const std::optional<Head> head = parse_head(co_await wire.read_head(kPatience));
    const int status = head ? head->status() : 0;
    if (status == 0) {
      complain("the client got a malformed head");
      co_return;
    }
    if (status < 200) continue;
    const bool has_body = head->value("x-method") != "HEAD";
    const Result<std::string> body = co_await read_body(wire, has_body ? *head : Head(), false).result();
    if (!body && body.error().code == ErrorCode::bad_response) complain("the framing of an answer");
    co_await Result<void>(body ? Result<void>() : std::unexpected(body.error()));
    if (!head->has("x-method") && status < 400) complain("a success that the server did not give");
    if (!head->value("connection").contains("close")) continue;
    const Result<std::string> rest = co_await wire.read_to_end().result();
    if (rest && !rest->empty()) complain("bytes behind the last answer");
    co_return;
  }
}

runtime::Task<void> Check::play(std::string bytes) {
  const runtime::Accepted socket = loop_.connect(proxy_.get(), proxy_.size);
  Wire wire(loop_, socket.descriptor, kPatience);
  co_await wire.connection().writable(loop_.now() + kPatience);
  runtime::TaskGroup sending(loop_);
  sending.start(send(wire, std::move(bytes)));
  const Result<void> received = co_await receive(wire).result();
  if (!received && received.error().code == ErrorCode::timed_out) complain("the client waits for ever");
  wire.connection().cancel();
  co_await sending.join();
}

std::vector<std::string> Check::run(std::string_view bytes) {
  tasks_.start(play(std::string(bytes)));
  loop_.run_until(loop_.now() + 300s);
  if (tasks_.size() > 0) complain("a task is left");
  bool has_ended = false;
  worker_.stop([&] { has_ended = true; });
  loop_.unwatch(server_listener_);
  loop_.run_until(loop_.now() + 300s);
  if (!has_ended) complain("the worker does not stop");
  loop_.close(proxy_listener_, false);
  loop_.close(server_listener_, false);
  if (loop_.open_descriptors() > 0) complain("descriptors are left");
  if (worker_.counters().open_requests.value() != 0) complain("requests are left");
  return std::move(found_);
}

}  // namespace

std::vector<std::string> check_connection(std::string_view input) {
  if (input.empty()) return {};
  return Check(static_cast<std::uint8_t>(input.front())).run(input.substr(1));
}

}  // namespace fairlead::sim
