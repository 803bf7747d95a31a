#include "runtime/simulated/simulated_loop.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "runtime/simulated/simulated_pipe.h"

namespace fairlead::runtime {

namespace {

struct Silent final : Timer {
  void on_timer() override {}
};

// What the owner of a refused connect is told.
constexpr Readiness kRefused{.readable = true, .writable = true, .hung_up = true, .failed = true};

std::string key_of(const sockaddr* address, socklen_t length) {
  return {reinterpret_cast<const char*>(address), length};
}

}  // namespace

struct SimulatedLoop::Socket {
  int descriptor = -1;
  int peer = -1;  // the other end; -1 while connecting, for a listener, and after it was closed
  EventSource* source = nullptr;
  std::string address;  // of the listener that this belongs to
  bool is_listener = false;
  bool is_connected = false;
  int error = 0;  // of a failed connect
  std::deque<int> backlog;
  std::string inbox;
  std::size_t in_flight = 0;  // sent to here, not yet arrived
  TimePoint last_arrival;     // keeps the order of what is sent to here
  bool end_arrived = false;
  bool reset_arrived = false;
  bool send_ended = false;
  bool is_send_blocked = false;
};

SimulatedLoop::SimulatedLoop(std::uint64_t seed, NetworkConditions conditions)
    : EventLoop(TimePoint(std::chrono::hours(1))), random_(seed), conditions_(conditions) {}

SimulatedLoop::~SimulatedLoop() = default;

WallTime SimulatedLoop::wall_now() const {
  constexpr auto kStart = std::chrono::seconds(1'768'485'729);  // an arbitrary moment in January 2026
  return WallTime(kStart + now().time_since_epoch());
}

Duration SimulatedLoop::delay() {
  const auto spread = static_cast<std::uint64_t>((conditions_.max_delay - conditions_.min_delay).count());
  return conditions_.min_delay + Duration(static_cast<std::int64_t>(random_.below(spread + 1)));
}

void SimulatedLoop::at(TimePoint time, std::move_only_function<void()> action) {
  events_.push({time, order_++, std::make_shared<std::move_only_function<void()>>(std::move(action))});
}

SimulatedLoop::Socket* SimulatedLoop::find(int descriptor) {
  const auto found = sockets_.find(descriptor);
  return found == sockets_.end() ? nullptr : found->second.get();
}

SimulatedLoop::Socket& SimulatedLoop::add_socket() {
  const int descriptor = next_descriptor_++;
  auto socket = std::make_unique<Socket>();
  socket->descriptor = descriptor;
  return *sockets_.emplace(descriptor, std::move(socket)).first->second;
}

void SimulatedLoop::tell(int descriptor, Readiness readiness) {
  Socket* socket = find(descriptor);
  if (socket != nullptr && socket->source != nullptr) socket->source->on_ready(readiness);
}

int SimulatedLoop::listen(const sockaddr* address, socklen_t length) {
  Socket& socket = add_socket();
  socket.is_listener = true;
  socket.address = key_of(address, length);
  listeners_[socket.address] = socket.descriptor;
  return socket.descriptor;
}

void SimulatedLoop::black_hole(const sockaddr* address, socklen_t length, bool on) {
  if (on) {
    black_holes_.insert(key_of(address, length));
  } else {
    black_holes_.erase(key_of(address, length));
  }
}

Accepted SimulatedLoop::accept(int listener) {
  Accepted accepted;
  Socket* socket = find(listener);
  FAIRLEAD_ASSERT(socket != nullptr && socket->is_listener);
  if (socket->backlog.empty()) {
    accepted.error = EAGAIN;
    return accepted;
  }
  if (is_exhausted_) {
    accepted.error = EMFILE;
    return accepted;
  }
  accepted.descriptor = socket->backlog.front();
  socket->backlog.pop_front();
  accepted.peer.ss_family = AF_INET;
  accepted.peer_length = sizeof(sockaddr_in);
  return accepted;
}

Accepted SimulatedLoop::connect(const sockaddr* address, socklen_t length) {
  if (is_exhausted_) return {.error = EMFILE};
  Socket& socket = add_socket();
  const int client = socket.descriptor;
  const std::string key = key_of(address, length);
  if (!black_holes_.contains(key)) at(now() + delay(), [this, client, key] { establish(client, key); });
  return {.descriptor = client};
}

void SimulatedLoop::establish(int client, const std::string& address) {
  Socket* socket = find(client);
  if (socket == nullptr) return;
  const auto listener = listeners_.find(address);
  if (listener == listeners_.end()) {
    socket->error = ECONNREFUSED;
    tell(client, kRefused);
    return;
  }
  Socket& server = add_socket();
  server.peer = client;
  server.is_connected = true;
  socket->peer = server.descriptor;
  socket->is_connected = true;
  find(listener->second)->backlog.push_back(server.descriptor);
  tell(listener->second, {.readable = true});
  tell(client, {.writable = true});
}

Accepted SimulatedLoop::probe(int descriptor, const sockaddr* address, socklen_t length) {
  if (descriptor < 0 && is_exhausted_) return {.error = EMFILE};
  const int client = descriptor < 0 ? add_socket().descriptor : descriptor;
  const std::string key = key_of(address, length);
  if (!black_holes_.contains(key)) at(now() + delay(), [this, client, key] { answer_probe(client, key); });
  return {.descriptor = client};
}

void SimulatedLoop::answer_probe(int client, const std::string& address) {
  Socket* socket = find(client);
  if (socket == nullptr) return;
  socket->is_connected = listeners_.contains(address);
  if (!socket->is_connected) socket->error = ECONNREFUSED;
  tell(client, socket->is_connected ? Readiness{.writable = true} : kRefused);
}

bool SimulatedLoop::end_probe(int descriptor) {
  find(descriptor)->is_connected = false;
  return true;
}

Accepted SimulatedLoop::connect_datagrams(const sockaddr*, socklen_t) { return {.error = EPROTONOSUPPORT}; }

int SimulatedLoop::connect_error(int descriptor) {
  const Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  return socket->error;
}

Ends SimulatedLoop::ends(int /*descriptor*/) {
  return {.peer = {.ss_family = AF_INET}, .local = {.ss_family = AF_INET}};
}

IoResult SimulatedLoop::receive(int descriptor, std::span<char> into) {
  Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  if (socket->error != 0) return {.error = socket->error};
  if (socket->inbox.empty()) {
    if (socket->reset_arrived) return {.error = ECONNRESET};
    return socket->end_arrived ? IoResult{} : IoResult{.error = EAGAIN};
  }
  const std::size_t count = std::min(into.size(), socket->inbox.size());
  std::memcpy(into.data(), socket->inbox.data(), count);
  socket->inbox.erase(0, count);
  wake_blocked_sender(*socket);
  return {.count = count};
}

void SimulatedLoop::wake_blocked_sender(Socket& reader) {
  Socket* sender = find(reader.peer);
  if (sender == nullptr || !sender->is_send_blocked) return;
  sender->is_send_blocked = false;
  at(now() + delay(), [this, descriptor = sender->descriptor] { tell(descriptor, {.writable = true}); });
}

bool SimulatedLoop::has_input(int descriptor) {
  const Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  return !socket->inbox.empty() || socket->end_arrived || socket->reset_arrived || socket->error != 0;
}

IoResult SimulatedLoop::send(int descriptor, std::span<const iovec> pieces) {
  Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  if (socket->error != 0) return {.error = socket->error};
  if (socket->reset_arrived) return {.error = ECONNRESET};
  if (socket->send_ended) return {.error = EPIPE};
  if (!socket->is_connected) return {.error = EAGAIN};
  std::string bytes;
  for (const iovec& piece : pieces) bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  const std::size_t room = send_room(descriptor);
  if (room == 0) {
    socket->is_send_blocked = true;
    return {.error = EAGAIN};
  }
  std::size_t count = std::min(bytes.size(), room);
  if (count > 1 && random_.chance(conditions_.short_send)) count = 1 + random_.below(count - 1);
  if (count < bytes.size()) {
    // As with the kernel, room is told of once the peer has read; a send that was cut at random hears of it by itself.
    if (count < room) {
      at(now() + delay(), [this, descriptor] { tell(descriptor, {.writable = true}); });
    } else {
      socket->is_send_blocked = true;
    }
    bytes.resize(count);
  }
  deliver(descriptor, std::move(bytes));
  return {.count = count};
}

void SimulatedLoop::deliver(int from, std::string bytes) {
  const Socket* sender = find(from);
  Socket* receiver = find(sender->peer);
  if (receiver == nullptr) {
    // Nobody is there any more: the peer's system answers with a reset.
    at(now() + delay(), [this, from] { deliver_end(-1, from, true); });
    return;
  }
  receiver->in_flight += bytes.size();
  while (!bytes.empty()) {
    const bool is_cut = bytes.size() > 1 && random_.chance(conditions_.cut);
    std::string piece = bytes.substr(0, is_cut ? 1 + random_.below(bytes.size() - 1) : bytes.size());
    bytes.erase(0, piece.size());
    receiver->last_arrival = std::max(receiver->last_arrival, now() + delay());
    at(receiver->last_arrival,
       [this, to = receiver->descriptor, from, piece = std::move(piece)] { arrive(to, from, piece); });
  }
}

void SimulatedLoop::arrive(int to, int from, const std::string& bytes) {
  Socket* receiver = find(to);
  if (receiver == nullptr) {
    at(now() + delay(), [this, from] { deliver_end(-1, from, true); });
    return;
  }
  receiver->in_flight -= bytes.size();
  if (receiver->reset_arrived) return;
  receiver->inbox += bytes;
  if (!random_.chance(conditions_.late_news)) return tell(to, {.readable = true});
  // The kernel has the bytes, and the loop has not asked it yet.
  at(now() + delay(), [this, to] { tell(to, {.readable = true}); });
}

std::unique_ptr<Pipe> SimulatedLoop::open_pipe() {
  if (random_.chance(conditions_.no_pipe)) return nullptr;
  return std::make_unique<SimulatedPipe>(*this);
}

std::size_t SimulatedLoop::unsent(int descriptor) {
  const Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  const Socket* peer = find(socket->peer);
  return peer == nullptr ? 0 : peer->inbox.size() + peer->in_flight;
}

std::size_t SimulatedLoop::send_room(int descriptor) {
  return conditions_.socket_buffer - std::min(unsent(descriptor), conditions_.socket_buffer);
}

void SimulatedLoop::shutdown_send(int descriptor) {
  Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  if (std::exchange(socket->send_ended, true)) return;
  if (Socket* peer = find(socket->peer); peer != nullptr) {
    peer->last_arrival = std::max(peer->last_arrival, now() + delay());
    at(peer->last_arrival, [this, descriptor, to = peer->descriptor] { deliver_end(descriptor, to, false); });
  }
}

void SimulatedLoop::deliver_end(int /*from*/, int to, bool reset) {
  Socket* receiver = find(to);
  if (receiver == nullptr) return;
  if (reset) {
    receiver->reset_arrived = true;
    receiver->inbox.clear();
  } else {
    receiver->end_arrived = true;
  }
  tell(to, {.readable = true, .writable = reset, .hung_up = true, .failed = reset});
}

void SimulatedLoop::close(int descriptor, bool reset) {
  Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  if (socket->is_listener) {
    const auto listener = listeners_.find(socket->address);
    if (listener != listeners_.end() && listener->second == descriptor) listeners_.erase(listener);
    const std::deque<int> waiting = std::move(socket->backlog);
    for (const int orphan : waiting) close(orphan, true);
  } else if (Socket* peer = find(socket->peer); peer != nullptr) {
    // As the kernel does it: closing with unread bytes resets.
    const bool resets = reset || !socket->inbox.empty();
    if (resets || !socket->send_ended) {
      peer->last_arrival = std::max(peer->last_arrival, now() + delay());
      at(peer->last_arrival,
         [this, descriptor, to = peer->descriptor, resets] { deliver_end(descriptor, to, resets); });
    }
  }
  sockets_.erase(descriptor);
}

void SimulatedLoop::watch(int descriptor, EventSource& source, Told /*told*/) {
  Socket* socket = find(descriptor);
  FAIRLEAD_ASSERT(socket != nullptr);
  socket->source = &source;
  at(now(), [this, descriptor] {
    const Socket* watched = find(descriptor);
    if (watched == nullptr || watched->source == nullptr) return;
    const bool has_input = !watched->inbox.empty() || !watched->backlog.empty();
    const bool ended = watched->end_arrived || watched->reset_arrived;
    watched->source->on_ready({.readable = has_input || ended,
                               .writable = watched->is_connected,
                               .hung_up = ended,
                               .failed = watched->reset_arrived});
  });
}

void SimulatedLoop::hand_over(int descriptor, EventSource& source) { find(descriptor)->source = &source; }

void SimulatedLoop::unwatch(int descriptor) {
  if (Socket* socket = find(descriptor); socket != nullptr) socket->source = nullptr;
}

void SimulatedLoop::wait(Deadline until) {
  TimePoint next = until;
  if (!events_.empty()) next = std::min(next, events_.top().time);
  if (next == kNever) {
    quiet_ = true;
    return;
  }
  set_now(std::max(now(), std::min(next, limit_)));
  while (!events_.empty() && events_.top().time <= now()) {
    const auto action = events_.top().action;
    events_.pop();
    (*action)();
  }
}

bool SimulatedLoop::run_until(Deadline until) {
  quiet_ = false;
  limit_ = until;
  while (!quiet_ && now() < until) turn();
  limit_ = kNever;
  return quiet_;
}

void SimulatedLoop::run_for(Duration time) {
  const TimePoint until = now() + time;
  Silent end;
  timers().set(end, until);
  while (now() < until) run_until(until);
  TimerWheel::cancel(end);
}

}  // namespace fairlead::runtime
