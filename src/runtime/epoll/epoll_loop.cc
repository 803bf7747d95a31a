#include "runtime/epoll/epoll_loop.h"

#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "base/prefetch.h"
#include "runtime/epoll/kernel_pipe.h"

namespace fairlead::runtime {

namespace {

constexpr int kBatch = 256;
// While one owner of a descriptor is told, the one so many places behind it is loaded, so many bytes of it.
constexpr std::size_t kAhead = 4;
constexpr std::size_t kSourceSize = 256;
// Of those that are told in turn, at least so many in each turn, and half as many as went on at once: whoever is always
// ready does not keep the others waiting for ever. What other numbers cost: docs/decisions/0011.
constexpr std::size_t kLeastInTurn = 32;
// For fewer messages a call for each is as cheap.
constexpr std::size_t kLeastForRing = 4;

TimePoint read_monotonic_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

// Small writes leave at once: a proxy has already gathered what belongs together.
void disable_nagle(int descriptor, int family) {
  if (family != AF_INET && family != AF_INET6) return;
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Accepted begin_connect(int type, const sockaddr* address, socklen_t length) {
  Accepted connecting;
  connecting.descriptor = ::socket(address->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connecting.descriptor < 0) {
    connecting.error = errno;
  } else if (::connect(connecting.descriptor, address, length) != 0 && errno != EINPROGRESS) {
    connecting.error = errno;
    ::close(std::exchange(connecting.descriptor, -1));
  }
  return connecting;
}

int milliseconds_until(Deadline until, TimePoint now) {
  if (until == kNever) return -1;
  if (until <= now) return 0;
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::min<std::int64_t>(milliseconds, 60'000));
}

// Straight to the kernel: in a program with threads, `recv` and `send` of the C library are points at which a thread
// may be cancelled, and get ready for that each time. Nobody cancels threads here.
ssize_t receive_directly(int descriptor, std::span<char> into) {
  return ::syscall(SYS_recvfrom, descriptor, into.data(), into.size(), 0, nullptr, nullptr);
}

ssize_t send_directly(int descriptor, const iovec& piece) {
  return ::syscall(SYS_sendto, descriptor, piece.iov_base, piece.iov_len, MSG_NOSIGNAL, nullptr, 0);
}

// What an event is told apart by: the descriptor, and the generation of its owner above it.
std::size_t descriptor_in(std::uint64_t tag) { return static_cast<std::uint32_t>(tag); }

Readiness readiness_of(std::uint32_t events) {
  return {.readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
          .writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
          .hung_up = (events & (EPOLLRDHUP | EPOLLHUP)) != 0,
          .failed = (events & EPOLLERR) != 0};
}

}  // namespace

EpollLoop::EpollLoop(Sending sending)
    : EventLoop(read_monotonic_clock()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      sending_(sending) {
  FAIRLEAD_ASSERT(epoll_ >= 0 && wake_event_ >= 0);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = static_cast<std::uint64_t>(wake_event_)}};
  FAIRLEAD_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_event_, &event) == 0);
}

EpollLoop::~EpollLoop() {
  ::close(wake_event_);
  ::close(epoll_);
}

WallTime EpollLoop::wall_now() const {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Accepted EpollLoop::accept(int listener) {
  Accepted accepted;
  accepted.peer_length = sizeof accepted.peer;
  accepted.descriptor = ::accept4(listener, reinterpret_cast<sockaddr*>(&accepted.peer), &accepted.peer_length,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted.descriptor < 0) accepted.error = errno;
  return accepted;
}

Accepted EpollLoop::connect(const sockaddr* address, socklen_t length) {
  const Accepted connecting = begin_connect(SOCK_STREAM, address, length);
  if (connecting.descriptor >= 0) disable_nagle(connecting.descriptor, address->sa_family);
  return connecting;
}

// What it costs beside a connect and a close with a new socket: `fairlead_health_bench`.
Accepted EpollLoop::probe(int descriptor, const sockaddr* address, socklen_t length) {
  Accepted connecting{.descriptor = descriptor};
  if (descriptor < 0)
    connecting.descriptor = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connecting.descriptor < 0) return {.error = errno};
  // The handshake's last packet waits for data, up to 200 ms; a reset takes its place. It has to be said for each
  // connect.
  const int off = 0;
  ::setsockopt(connecting.descriptor, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
  if (::connect(connecting.descriptor, address, length) == 0 || errno == EINPROGRESS) return connecting;
  connecting.error = errno;
  if (descriptor < 0) ::close(connecting.descriptor);
  connecting.descriptor = -1;
  return connecting;
}

bool EpollLoop::end_probe(int descriptor) {
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  return ::connect(descriptor, &nowhere, sizeof nowhere) == 0;
}

Accepted EpollLoop::connect_datagrams(const sockaddr* address, socklen_t length) {
  return begin_connect(SOCK_DGRAM, address, length);
}

int EpollLoop::connect_error(int descriptor) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

Ends EpollLoop::ends(int descriptor) {
  Ends ends;
  socklen_t length = sizeof ends.peer;
  static_cast<void>(::getpeername(descriptor, reinterpret_cast<sockaddr*>(&ends.peer), &length));
  length = sizeof ends.local;
  static_cast<void>(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&ends.local), &length));
  return ends;
}

IoResult EpollLoop::receive(int descriptor, std::span<char> into) {
  const ssize_t count = receive_directly(descriptor, into);
  if (count < 0) return {.error = errno};
  return {.count = static_cast<std::size_t>(count)};
}

// Not a receive that leaves the bytes: it would take an error along.
bool EpollLoop::has_input(int descriptor) {
  pollfd looked_at{.fd = descriptor, .events = POLLIN | POLLRDHUP, .revents = 0};
  return ::poll(&looked_at, 1, 0) > 0;
}

IoResult EpollLoop::send(int descriptor, std::span<const iovec> pieces) {
  ssize_t count = 0;
  if (pieces.size() == 1) {
    count = send_directly(descriptor, pieces[0]);
  } else {
    msghdr message{};
    // sendmsg only reads the pieces; its interface predates const.
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    count = ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
  }
  if (count < 0) return {.error = errno};
  return {.count = static_cast<std::size_t>(count)};
}

void EpollLoop::send_each(std::span<Outgoing> messages) {
  std::size_t first_unsent = 0;
  if (messages.size() >= kLeastForRing && ring() != nullptr && !ring_->send(messages, first_unsent)) {
    ring_.reset();
    sending_ = Sending::one_by_one;
  }
  EventLoop::send_each(messages.subspan(first_unsent));
}

SendRing* EpollLoop::ring() {
  if (sending_ == Sending::together && ring_ == nullptr) {
    ring_ = SendRing::open();
    if (ring_ == nullptr) sending_ = Sending::one_by_one;
  }
  return ring_.get();
}

std::unique_ptr<Pipe> EpollLoop::open_pipe() { return KernelPipe::open(); }

std::size_t EpollLoop::unsent(int descriptor) {
  int bytes = 0;
  return ::ioctl(descriptor, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t EpollLoop::send_room(int descriptor) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return 0;
  const std::uint32_t most = memory[SK_MEMINFO_SNDBUF];
  // TCP counts what it has queued, other sockets what is on its way.
  return most - std::min(most, std::max(memory[SK_MEMINFO_WMEM_QUEUED], memory[SK_MEMINFO_WMEM_ALLOC]));
}

void EpollLoop::shutdown_send(int descriptor) { ::shutdown(descriptor, SHUT_WR); }

void EpollLoop::close(int descriptor, bool reset) {
  static_cast<void>(forget(descriptor));
  if (reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(descriptor);  // Leaves the epoll set by itself: no descriptor of ours is ever duplicated.
}

void EpollLoop::watch(int descriptor, EventSource& source, Told told) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watched_.size()) watched_.resize(std::max<std::size_t>(index + 1, watched_.size() * 2));
  Watched& watched = watched_[index];
  watched.source = &source;
  watched.told = told;
  const std::uint64_t tag = std::uint64_t{watched.generation} << 32 | index;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = tag}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  // The kernel has no room for another one: the owner is told that the descriptor is of no use, and closes it.
  post_from_anywhere([this, descriptor, generation = watched.generation] {
    const Watched& refused = watched_[static_cast<std::size_t>(descriptor)];
    if (refused.source == nullptr || refused.generation != generation) return;
    refused.source->on_ready({.readable = true, .writable = true, .hung_up = true, .failed = true});
  });
}

void EpollLoop::hand_over(int descriptor, EventSource& source) {
  watched_[static_cast<std::size_t>(descriptor)].source = &source;
}

void EpollLoop::unwatch(int descriptor) {
  if (forget(descriptor)) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

bool EpollLoop::forget(int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watched_.size() || watched_[index].source == nullptr) return false;
  Watched& watched = watched_[index];
  watched = {.generation = watched.generation + 1};
  return true;
}

void EpollLoop::wait(Deadline until) {
  std::array<epoll_event, kBatch> events;
  const Deadline latest = backlog_.empty() ? until : now();
  const int count = ::epoll_wait(epoll_, events.data(), kBatch, milliseconds_until(latest, now()));
  const std::span ready = std::span(events).first(static_cast<std::size_t>(std::max(count, 0)));
  set_now(read_monotonic_clock());
  std::size_t told = 0;
  for (std::size_t index = 0; index < ready.size(); ++index) {
    if (index + kAhead < ready.size()) load(ready[index + kAhead].data.u64, Told::at_once);
    if (tell(ready[index])) ++told;
  }
  tell_backlog(std::max(kLeastInTurn, (told + went_on()) / 2));
}

bool EpollLoop::tell(const epoll_event& event) {
  const std::uint64_t tag = event.data.u64;
  if (static_cast<int>(descriptor_in(tag)) == wake_event_) {
    std::uint64_t rings = 0;
    static_cast<void>(::read(wake_event_, &rings, sizeof rings));
    return false;
  }
  Watched* const watched = find(tag);
  if (watched == nullptr) return false;
  if (waits_for_turn(*watched, event.events)) {
    if (watched->untold == 0) backlog_.push(tag);
    watched->untold |= static_cast<std::uint16_t>(event.events);  // Those that there are need no more.
    return false;
  }
  watched->source->on_ready(readiness_of(event.events));
  return true;
}

void EpollLoop::tell_backlog(std::size_t most) {
  while (most > 0 && !backlog_.empty()) {
    const std::uint64_t tag = backlog_.pop();
    if (backlog_.size() > kAhead) load(backlog_.at(kAhead), Told::input_in_turn);
    Watched* const watched = find(tag);
    if (watched == nullptr) continue;
    --most;
    watched->source->on_ready(readiness_of(std::exchange(watched->untold, std::uint16_t{0})));
  }
}

// Room for what is under way, and the end of a client, give back what is held. Where input waits, they come after it.
bool EpollLoop::waits_for_turn(const Watched& watched, std::uint32_t events) {
  if (watched.told == Told::at_once) return false;
  const bool is_only_input = (events & EPOLLIN) != 0 && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0;
  return watched.untold != 0 || is_only_input;
}

EpollLoop::Watched* EpollLoop::find(std::uint64_t tag) {
  Watched& watched = watched_[descriptor_in(tag)];
  const bool is_present = watched.source != nullptr && watched.generation == tag >> 32;
  return is_present ? &watched : nullptr;
}

void EpollLoop::load(std::uint64_t tag, Told told) const {
  // The event of `wake_event_`, which nobody watches, has no place in the table.
  if (descriptor_in(tag) >= watched_.size()) return;
  const Watched& watched = watched_[descriptor_in(tag)];
  if (watched.told == told) prefetch(watched.source, kSourceSize);
}

void EpollLoop::wake() {
  const std::uint64_t ring = 1;
  static_cast<void>(::write(wake_event_, &ring, sizeof ring));
}

}  // namespace fairlead::runtime
