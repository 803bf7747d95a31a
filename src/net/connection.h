// One stream of bytes over a descriptor of a loop: calls that never block, and waits for the moment when they can go
// on.
//
// Knows nothing of what the bytes mean. A wait ends with `timed_out` at its deadline and with `canceled` where somebody
// asked for that; what a socket call says (`errno`) is for the caller to judge.
#pragma once

#include <sys/uio.h>

#include <span>

#include "base/time.h"
#include "runtime/event_loop.h"
#include "runtime/pipe.h"
#include "runtime/task.h"

namespace fairlead::net {

class Connection;

// Told about a connection that no task waits for just now.
class IdleWatcher {
 public:
  // What was watched for has happened, or the time is over. The connection may be destroyed in here.
  virtual void on_idle_ended(Connection& connection) = 0;

 protected:
  ~IdleWatcher() = default;
};

// Told that the peer has gone while somebody is busy with what it asked for.
class HangUpWatcher {
 public:
  virtual void on_hang_up() = 0;

 protected:
  ~HangUpWatcher() = default;
};

// Owned by one task or session; belongs to its loop's thread. At most one task waits to read and one to write.
class Connection final : private runtime::EventSource, private runtime::Timer {
 public:
  class Wait;

  // Takes the descriptor over. `told` as in EventLoop::watch.
  Connection(runtime::EventLoop& loop, int descriptor, runtime::Told told = runtime::Told::at_once);
  // Nobody waits for or watches `other`, which is of no further use.
  Connection(Connection&& other) noexcept;
  ~Connection();

  runtime::EventLoop& loop() const { return loop_; }
  int descriptor() const { return descriptor_; }

  // As recv: a count of 0 is the end of the stream. Less than was asked for means that there is no more just now.
  runtime::IoResult receive(std::span<char> into);
  // As Pipe::fill.
  runtime::IoResult receive(runtime::Pipe& pipe, std::size_t most);
  // As send: may take a part only.
  runtime::IoResult send(std::span<const iovec> pieces);
  // What the loop's `send_each` did with a message of this size.
  void note_sent(const runtime::IoResult& result, std::size_t size);
  // As Pipe::drain.
  runtime::IoResult send(runtime::Pipe& pipe);
  // Whether the peer has neither sent nor closed anything, whatever the loop has told so far. Takes nothing; for a
  // connection that should be silent.
  bool is_silent();
  // False only where the last receive, or `is_silent`, found that there is no more.
  bool may_have_input() const { return readable_ || hung_up_ || failed_; }
  // Whether a call of `receive`, or of `send`, is worth it just now, as far as the loop has told.
  bool may_receive() const { return readable_; }
  bool may_send() const { return writable_; }

  // Ends when `receive` is worth a call.
  Wait readable(Deadline deadline);
  // Ends when `send` is worth a call; after `EventLoop::connect` when that has ended.
  Wait writable(Deadline deadline);

  // Ends the waits of both sides, now and later, with `canceled`.
  void cancel();
  // Ends the waits that are going on, if any, with `canceled`.
  void interrupt();
  // The same, for input only.
  void interrupt_reading();
  // Ends it as if there were input.
  void wake_reader();

  enum class Event : bool { input, input_or_room };
  // Nobody waits from here on until the next call of anything: `watcher` is told once, of such an event (the end of the
  // stream and its loss are input) or of `deadline`.
  void watch_idle(IdleWatcher& watcher, Deadline deadline, Event event = Event::input);
  void stop_watching_idle();

  // `watcher` is told once when the peer ends its direction or goes altogether, from here on; null: nobody is.
  void watch_hang_up(HangUpWatcher* watcher) { hang_up_watcher_ = watcher; }

  // What has come is left where it is: the next wait for input ends with what comes after it.
  void ignore_input() { readable_ = false; }

  // Another connect has begun on its descriptor: what was told of the connection before no longer holds.
  void start_again();

  // The peer has gone altogether (not only ended its direction).
  bool is_lost() const { return failed_; }
  bool has_hung_up() const { return hung_up_; }
  bool is_canceled() const { return canceled_; }

  // As EventLoop::unsent.
  std::size_t unsent() const { return loop_.unsent(descriptor_); }
  // As EventLoop::send_room.
  std::size_t send_room() const { return loop_.send_room(descriptor_); }

  void shutdown_send();
  // From here on, closing drops what is unsent and tells the peer at once.
  void reset_on_close() { reset_on_close_ = true; }

  // How many this thread has.
  static std::size_t open_on_this_thread() { return open_; }

 private:
  void on_ready(runtime::Readiness readiness) override;
  void on_timer() override;
  void complete(Wait*& waiting, Result<void> outcome);
  void arm();

  static inline thread_local std::size_t open_ = 0;

  runtime::EventLoop& loop_;
  int descriptor_;
  bool readable_ = false;
  bool writable_ = false;
  bool hung_up_ = false;
  bool failed_ = false;
  bool canceled_ = false;
  bool reset_on_close_ = false;
  Event watched_event_ = Event::input;
  Wait* reader_ = nullptr;
  Wait* writer_ = nullptr;
  IdleWatcher* idle_watcher_ = nullptr;
  HangUpWatcher* hang_up_watcher_ = nullptr;
  Deadline idle_deadline_ = kNever;
};

// A wait for one direction of a connection.
class Connection::Wait : public runtime::Operation {
 public:
  enum class Side : bool { read, write };

  Wait(Connection& connection, Side side, Deadline deadline)
      : connection_(&connection), deadline_(deadline), side_(side) {}
  ~Wait();

  bool begin();
  Deadline deadline() const { return deadline_; }

 private:
  Wait*& slot() const { return side_ == Side::read ? connection_->reader_ : connection_->writer_; }

  Connection* connection_;
  Deadline deadline_;
  Side side_;
};

inline Connection::Wait Connection::readable(Deadline deadline) { return {*this, Wait::Side::read, deadline}; }
inline Connection::Wait Connection::writable(Deadline deadline) { return {*this, Wait::Side::write, deadline}; }

}  // namespace fairlead::net
