// The requests of a pool that wait because every server has as many in flight as it may: first come, first served,
// over all workers.
//
// A place in the line is called when it may look for a server again, and looks on its own worker. Whoever comes later
// queues behind, so what was given back is still there when the one that was called looks. The lock is held for a few
// instructions, and only where somebody waits: without a limit, or below it, nothing here is touched but `is_empty`.
#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/time.h"
#include "runtime/event_loop.h"
#include "runtime/wait.h"

namespace fairlead::pool {

class WaitingLine;

// One request's place in the line. Belongs to its worker, and leaves the line when it is destroyed.
class Place : public boost::intrusive::list_base_hook<> {
 public:
  // `loop` is the worker's. A retry came before all who wait now: it comes first, but cannot use every server.
  Place(WaitingLine& line, runtime::EventLoop& loop, std::uint64_t generation, bool is_retry);
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place();

  runtime::EventLoop& loop() const { return loop_; }

  // Enters the line, unless it is `max` long already: Error::queue_full. True where the place may look for a server
  // at once: nobody before it could use all of them. Once.
  Result<bool> enter(std::uint32_t max);
  // How long the line had not been empty when the place entered.
  Duration line_age() const { return line_age_; }
  // Waits to be called: then it may look. Errors: queue_timeout at `deadline`, canceled after `give_up`.
  runtime::Task<void> called(Deadline deadline);
  // Ends the wait. Same thread.
  void give_up();

 private:
  friend class WaitingLine;
  // Reaches the place on its own thread, if it is still there then.
  struct Call {
    Place* place;
  };

  WaitingLine& line_;
  runtime::EventLoop& loop_;
  runtime::Signal signal_;
  std::shared_ptr<Call> call_;
  std::uint64_t generation_;
  Duration line_age_{};
  bool is_retry_;
  bool is_in_line_ = false;
  bool given_up_ = false;
  bool is_called_ = false;  // guarded by the line's lock
};

// Shared by all workers and generations of a pool. Any thread.
class WaitingLine {
 public:
  bool is_empty() const { return length() == 0; }
  std::uint32_t length() const { return length_.load(std::memory_order_seq_cst); }

  // Something has become free, or might have: calls the first place that can use any server, and those before it.
  void call();
  // The pool has got other servers. Places of earlier generations stay, but hold up nobody. Returns the new number.
  std::uint64_t begin_generation();

 private:
  friend class Place;
  using Places = boost::intrusive::list<Place, boost::intrusive::constant_time_size<false>>;

  // Whether nobody behind `place` could use a server that it cannot.
  bool can_use_all(const Place& place) const;
  void call_first();

  std::mutex mutex_;
  Places places_;
  std::uint64_t generation_ = 0;
  TimePoint standing_since_{};  // while it is not empty
  std::atomic<std::uint32_t> length_{0};
};

}  // namespace fairlead::pool
