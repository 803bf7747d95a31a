// Timers by the thousand: set and cancel in constant time, and cheap to push back again and again.
//
// One wheel of slots of 8 ms. A timer that is pushed back only stores its new deadline; it is moved when its old slot
// comes round. So a connection that is busy costs one store per request, not a re-arming. A timer never fires early,
// and at most one slot late.
#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "base/time.h"

namespace fairlead::runtime {

// Embedded in whoever wants to be told. Cancels itself when destroyed.
class Timer : public boost::intrusive::list_base_hook<boost::intrusive::tag<class TimerTag>,
                                                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // Called by the loop once the deadline has passed; the timer is not set any more and may be set again.
  virtual void on_timer() = 0;

  Deadline deadline() const { return deadline_; }

 protected:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() = default;

 private:
  friend class TimerWheel;
  Deadline deadline_ = kNever;
  std::uint64_t tick_ = 0;  // of the slot where it hangs
};

// Belongs to one loop.
class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(8);
  static constexpr std::size_t kSlots = 4096;

  explicit TimerWheel(TimePoint now);
  ~TimerWheel();

  // Fires `timer` at `deadline`; replaces an earlier setting. `kNever` cancels.
  void set(Timer& timer, Deadline deadline);
  static void cancel(Timer& timer);

  // When the loop has to look again at the latest. May be early (a timer that was pushed back), never late.
  Deadline next() const;
  // Fires every timer whose deadline is not after `now`.
  void advance(TimePoint now);

 private:
  using Slot = boost::intrusive::list<
      Timer,
      boost::intrusive::base_hook<boost::intrusive::list_base_hook<
          boost::intrusive::tag<TimerTag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>,
      boost::intrusive::constant_time_size<false>>;
  static constexpr std::size_t kWords = kSlots / 64;

  void link(Timer& timer);
  void fire_slot(std::uint64_t tick, TimePoint now);
  std::uint64_t next_used_tick() const;

  std::uint64_t tick_;  // every slot up to and with this one has been fired
  std::array<Slot, kSlots> slots_;
  // Slots that may hold a timer; a bit may be stale after a cancel, and costs one early look.
  std::array<std::uint64_t, kWords> used_{};
};

}  // namespace fairlead::runtime
