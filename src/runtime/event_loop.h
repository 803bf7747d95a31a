// The event loop: waits for a batch of ready descriptors, tells their owners, runs what can go on, keeps the time.
//
// One loop per thread. `epoll/` implements it on the kernel, `simulated/` on virtual time with a scripted network; an
// io_uring readiness source would be a third. Sockets are plain descriptors here: `net/connection.h` makes streams of
// them. Readiness is edge-triggered: it is told once, and again only after a call has found nothing more.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/time.h"
#include "runtime/mailbox.h"
#include "runtime/runnable.h"
#include "runtime/timer_wheel.h"

namespace fairlead::runtime {

// What became possible on a descriptor.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hung_up = false;  // the peer has ended its direction: after what is buffered, a read gives the end
  bool failed = false;   // an error, such as a reset or a connect that failed: the next call tells which
};

// Whoever owns a descriptor. Called by the loop, never while another call into it is running.
class EventSource {
 public:
  virtual void on_ready(Readiness readiness) = 0;

 protected:
  ~EventSource() = default;
};

// When the owner of a descriptor is told that it is ready.
//
// Where more is ready than the cache holds, what is under way goes on before anything new begins: its state is still
// warm, and it gives back what it holds, its connection to a server above all, to what begins next
// (docs/decisions/0011).
enum class Told : bool {
  at_once,       // in the turn in which that is found: connections to servers, and all that is not of a client
  input_in_turn  // of input first come, first told, so many in each turn: clients, whose next request is new work
};

// How a socket call ended: a count of bytes (0 for the end of a stream), or an `errno`.
struct IoResult {
  std::size_t count = 0;
  int error = 0;

  bool ok() const { return error == 0; }
  bool would_block() const;
};

// Bytes for the system, which only reads them; its interface predates const.
inline iovec piece_of(std::span<const char> bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

// A message for a socket, and how giving it to the kernel went.
struct Outgoing {
  int descriptor = -1;
  std::span<const char> bytes;
  IoResult result = {};
};

// A connection that was accepted, with its peer's address; or an `errno`.
struct Accepted {
  int descriptor = -1;
  int error = 0;
  sockaddr_storage peer{};
  socklen_t peer_length = 0;
};

class Pipe;

// The addresses of a connection's ends; of family AF_UNSPEC where they are not known.
struct Ends {
  sockaddr_storage peer{};
  sockaddr_storage local{};
};

class EventLoop {
 public:
  virtual ~EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // The time at the beginning of this turn.
  TimePoint now() const { return now_; }
  // Wall time, for what people read. Costs a clock reading; the data path asks once per turn.
  virtual WallTime wall_now() const = 0;

  TimerWheel& timers() { return timers_; }

  // Runs `runnable` later in this turn, after everything queued before it. Same thread only.
  void post(Runnable& runnable) {
    if (!runnable.is_linked()) ready_.push_back(runnable);
  }

  // Runs `runnable` when everything that is ready in this turn has run; what it makes ready runs before the loop waits.
  void post_last(Runnable& runnable) {
    if (!runnable.is_linked()) last_.push_back(runnable);
  }

  // Runs `action` on this loop's thread. The one call that any thread may make.
  void post_from_anywhere(std::move_only_function<void()> action);

  // Runs turns until `stop`.
  void run();
  // Ends `run` after this turn. Same thread only.
  void stop() { stopping_ = true; }
  // One turn: what is ready runs, then a wait, then what became ready runs.
  void turn();

  // Sockets. None of them blocks.
  virtual Accepted accept(int listener) = 0;
  // Begins a connect; the descriptor becomes writable when it has ended (see `connect_error`).
  virtual Accepted connect(const sockaddr* address, socklen_t length) = 0;
  // Begins a connect of which only the end matters, as that of `connect`: whether the peer takes connections. Its last
  // step is held back, so that the peer's program never hears of it where `end_probe` follows at once. `descriptor` is
  // one that `end_probe` left, of the same family, or -1 for a new one.
  virtual Accepted probe(int descriptor, const sockaddr* address, socklen_t length) = 0;
  // Drops a probe's connection once it is there. The descriptor stays, watched as before, for another probe; false
  // where the system does not allow that.
  virtual bool end_probe(int descriptor) = 0;
  // As connect, for datagrams: each send is one, each receive takes one. There is nothing to wait for.
  virtual Accepted connect_datagrams(const sockaddr* address, socklen_t length) = 0;
  // 0, or the `errno` of a connect that has ended.
  virtual int connect_error(int descriptor) = 0;
  virtual Ends ends(int descriptor) = 0;
  virtual IoResult receive(int descriptor, std::span<char> into) = 0;
  // Whether a receive would give bytes, the end or an error just now. Takes nothing.
  virtual bool has_input(int descriptor) = 0;
  virtual IoResult send(int descriptor, std::span<const iovec> pieces) = 0;
  // Sends every message as `send` does, in their order, and notes the results. At most one for each socket.
  virtual void send_each(std::span<Outgoing> messages);
  // For bytes that go from one socket to another unseen; null where the system gives none.
  virtual std::unique_ptr<Pipe> open_pipe() = 0;
  // The fewest bytes that are worth a pipe.
  virtual std::size_t least_for_pipe() const = 0;
  // Bytes that were sent and that the peer's system has not taken yet; 0 where that is not known.
  virtual std::size_t unsent(int descriptor) = 0;
  // Bytes that a send would take just now, roughly; 0 where that is not known.
  virtual std::size_t send_room(int descriptor) = 0;
  // Ends our direction: the peer reads what was sent, then the end.
  virtual void shutdown_send(int descriptor) = 0;
  // Gives the descriptor back. `reset` drops what is unsent and tells the peer at once.
  virtual void close(int descriptor, bool reset) = 0;
  // Tells `source` about the descriptor's readiness until it is closed: when, `told` says.
  virtual void watch(int descriptor, EventSource& source, Told told) = 0;
  void watch(int descriptor, EventSource& source) { watch(descriptor, source, Told::at_once); }
  // `source` is told instead of whoever was, of all that has not been told yet.
  virtual void hand_over(int descriptor, EventSource& source) = 0;
  // Stops telling, without closing.
  virtual void unwatch(int descriptor) = 0;

 protected:
  explicit EventLoop(TimePoint now) : now_(now), timers_(now) {}

  // Waits until something is ready or `until` has passed, tells the owners whose turn it is, and sets the time. Does
  // not wait at all when `until` is not after `now`, or owners that are ready have not been told yet.
  virtual void wait(Deadline until) = 0;
  // Makes a `wait` on another thread return.
  virtual void wake() = 0;

  void set_now(TimePoint now) { now_ = now; }
  // Whether anything was posted from elsewhere and waits to be run.
  bool has_mail() const { return !mailbox_.empty(); }
  // How many had let others go first in the turn before and went on in this one.
  std::size_t went_on() const { return went_on_; }

 private:
  // How many ran.
  std::size_t work();
  static std::size_t run_all(RunQueue& queue);

  TimePoint now_;
  TimerWheel timers_;
  RunQueue ready_;
  RunQueue last_;
  Mailbox mailbox_;
  std::size_t went_on_ = 0;
  bool stopping_ = false;
};

}  // namespace fairlead::runtime
