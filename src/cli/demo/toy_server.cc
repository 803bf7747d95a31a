#include "cli/demo/toy_server.h"

#include <utility>

#include "base/assert.h"
#include "cli/demo/loopback.h"

namespace fairlead::cli::demo {

namespace {

using namespace std::chrono_literals;

// Longer than any client keeps an idle connection, so that no request meets a connection that is being closed.
constexpr http::H1ServerOptions kHttp{
    .header_timeout = 10s, .body_idle = 10s, .keepalive = 10min, .header_size = std::size_t{64} * 1024};

// A quarter more or less: servers that all take the same time look like a drill.
constexpr double kSpread = 0.25;

// Counts a request while it is worked on, however that ends.
class Busy {
 public:
  explicit Busy(telemetry::Gauge& in_flight) : in_flight_(in_flight) { in_flight_.add(1); }
  ~Busy() { in_flight_.add(-1); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  telemetry::Gauge& in_flight_;
};

}  // namespace

ToyServer::ToyServer(runtime::EventLoop& loop, http::Workspace& workspace, std::string name, Duration service_time,
                     std::uint64_t seed)
    : loop_(loop),
      workspace_(workspace),
      name_(std::move(name)),
      body_("Hello from " + name_ + "\n"),
      service_time_(service_time),
      random_(seed),
      options_(kHttp),
      tasks_(loop) {}

ToyServer::~ToyServer() { FAIRLEAD_ASSERT(listener_ < 0); }

std::expected<void, net::ListenError> ToyServer::open() {
  auto free = free_loopback_endpoint();
  if (!free) return std::unexpected(free.error());
  endpoint_ = *free;
  return listen();
}

std::expected<void, net::ListenError> ToyServer::listen() {
  const auto sockets = net::open_listening_sockets(endpoint_, 1);
  if (!sockets) return std::unexpected(sockets.error());
  listener_ = sockets->front();
  loop_.watch(listener_, *this);
  return {};
}

void ToyServer::bring_back() {
  if (listener_ >= 0) return;
  // A client's own end may have got the port meanwhile; it will not keep it for long.
  if (!listen()) loop_.timers().set(*this, loop_.now() + kTryAgain);
}

void ToyServer::crash() {
  runtime::TimerWheel::cancel(*this);
  if (listener_ >= 0) loop_.close(std::exchange(listener_, -1), false);
  for (auto visit = visits_.begin(); visit != visits_.end();) {
    Visit& cut = *visit++;
    cut.stream.cut();
    cut.is_cut.set();
  }
}

runtime::Task<void> ToyServer::close() {
  crash();
  co_await tasks_.join();
}

void ToyServer::on_ready(runtime::Readiness readiness) {
  if (!readiness.readable) return;
  while (listener_ >= 0) {
    const runtime::Accepted accepted = loop_.accept(listener_);
    if (accepted.descriptor < 0) return;
    tasks_.start(serve(accepted.descriptor));
  }
}

runtime::Task<void> ToyServer::serve(int descriptor) {
  Visit visit(loop_, descriptor, workspace_, options_);
  visits_.push_back(visit);
  do {
    if (!visit.stream.expect_request()) co_await visit.stream.idle();
    if (!co_await visit.stream.read_request()) co_return;
    co_await answer(visit);
  } while (visit.stream.can_continue());
}

runtime::Task<void> ToyServer::answer(Visit& visit) {
  requests_.add();
  const Busy busy(in_flight_);
  while (visit.stream.is_receiving()) co_await visit.stream.read_body(nullptr);
  const double factor = 1 + kSpread * (2 * random_.unit() - 1);
  const auto wait = Duration(static_cast<Duration::rep>(static_cast<double>(service_time_.count()) * factor));
  // The signal says that we crashed; the end of the wait is the end of the work.
  if (co_await with_result(visit.is_cut.wait(loop_.now() + wait))) co_return;
  http::BufferWriter& writer = visit.stream.begin_head(200, "OK");
  http::write_field(writer, "Content-Type", "text/plain");
  http::write_field(writer, "Server", name_);
  co_await visit.stream.send_head({.framing = http::Framing::length, .content_length = body_.size()}, {body_, true});
}

}  // namespace fairlead::cli::demo
