#include "proxy/listener.h"

#include <array>
#include <cerrno>
#include <limits>
#include <optional>

namespace fairlead::proxy {

namespace {

// A flood of connections must not keep the others from their turn: of these, the loop tells 32 in one at least.
constexpr int kAcceptsPerTurn = 64;
// Out of descriptors or memory: connections wait in the kernel's queue for this long.
constexpr Duration kPause = std::chrono::milliseconds(100);
// Idle clients that make room when that happens.
constexpr int kClosedAtOnce = 8;

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Type: text/plain\r\nContent-Length: 59\r\n"
    "Connection: close\r\n\r\nThis site is busy right now. We will have room again soon.\n";
constexpr std::string_view kTooMany =
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Type: text/plain\r\nContent-Length: 62\r\n"
    "Connection: close\r\n\r\nToo many connections from this address. Close some and retry.\n";

// The connection was gone before it was accepted: the next one may be fine (accept(2), "Error handling").
bool is_about_one_connection(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN || error == EHOSTUNREACH ||
         error == ENETUNREACH || error == EPERM;
}

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

Listener::Listener(Context& context, std::map<std::string, SessionList>& sessions, runtime::TaskGroup& tasks,
                   std::shared_ptr<const SessionSettings> settings, int descriptor)
    : context_(context),
      all_sessions_(sessions),
      sessions_(sessions[settings->listener]),
      tasks_(tasks),
      settings_(std::move(settings)),
      descriptor_(descriptor) {
  context_.loop.watch(descriptor_, *this);
}

Listener::~Listener() { context_.loop.unwatch(descriptor_); }

// Whoever has left gives back a seat before anybody new is looked at.
void Listener::on_ready(runtime::Readiness readiness) {
  if (readiness.readable) context_.loop.post_last(*this);
}

void Listener::run() {
  if (!is_paused_) accept_some(kAcceptsPerTurn);
}

void Listener::on_timer() {
  is_paused_ = false;
  accept_some(kAcceptsPerTurn);
}

void Listener::accept_waiting() { accept_some(std::numeric_limits<int>::max()); }

void Listener::accept_some(int most) {
  for (int accepts = 0; accepts < most; ++accepts) {
    const runtime::Accepted accepted = context_.loop.accept(descriptor_);
    if (accepted.descriptor >= 0) {
      take(accepted);
    } else if (!is_about_one_connection(accepted.error)) {
      if (accepted.error != EAGAIN) relieve();
      return;
    }
  }
  context_.loop.post_last(*this);  // In the next turn.
}

void Listener::take(const runtime::Accepted& accepted) {
  SeatCounters& counters = settings_->seats->counters();
  Seat seat = take_seat();
  if (!seat) return refuse(accepted.descriptor, kBusy);
  if (settings_->per_client.table != nullptr) {
    const std::optional<net::IpAddress> client = net::IpAddress::of(accepted.peer);
    // A trusted proxy speaks for many clients.
    const bool is_counted = client && !settings_->trusted.contains(*client);
    if (is_counted && !seat.count_for(*client, settings_->per_client)) {
      count(counters.refused_clients);
      return refuse(accepted.descriptor, kTooMany);
    }
  }
  if (!has_memory()) return refuse(accepted.descriptor, kBusy);
  tasks_.start(Session::serve(std::make_unique<Session>(context_, sessions_, settings_, accepted, std::move(seat))));
}

Seat Listener::take_seat() {
  SeatCounters& counters = settings_->seats->counters();
  if (Seat seat = Seat::take(*settings_->seats)) return seat;
  if (sessions_.close_longest_idle()) {
    count(counters.shed);
    if (Seat seat = Seat::take(*settings_->seats)) return seat;
  }
  count(counters.refused);
  return {};
}

bool Listener::has_memory() {
  net::MemoryShare& memory = context_.workspace.memory;
  if (memory.has_room_for_connection()) return true;
  count(settings_->seats->counters().memory);
  // It is the worker's, whoever listens.
  if (sessions_.close_longest_idle()) return true;
  for (auto& [listener, sessions] : all_sessions_)
    if (sessions.close_longest_idle()) return true;
  context_.free_descriptors();
  return memory.has_room_for_connection();
}

void Listener::refuse(int descriptor, std::string_view answer) {
  // What was asked is read first, as far as it is there: bytes that are unread make a close take the answer away.
  std::array<char, 4096> request;
  static_cast<void>(context_.loop.receive(descriptor, request));
  const iovec piece = runtime::piece_of(answer);
  static_cast<void>(context_.loop.send(descriptor, {&piece, 1}));
  context_.loop.close(descriptor, false);
}

void Listener::relieve() {
  SeatCounters& counters = settings_->seats->counters();
  count(counters.exhausted);
  context_.counters.failures[static_cast<std::size_t>(ErrorCode::out_of_resources)].add();
  for (int closed = 0; closed < kClosedAtOnce && sessions_.close_longest_idle(); ++closed) count(counters.shed);
  context_.free_descriptors();
  is_paused_ = true;
  context_.loop.timers().set(*this, context_.loop.now() + kPause);
}

}  // namespace fairlead::proxy
