// How many requests a server can work on at once, learned from how its answers slow down as more are in flight.
//
// After the gradient limit of Netflix's concurrency-limits (E. Hunt, "Performance Under Load", 2018): the limit follows
// the ratio of the time that an unhurried server takes to the time it takes now, and leaves it a queue of the limit's
// square root. Ours measures the unhurried time by lowering the limit for a moment, so that a lasting overload is not
// taken for the server's nature.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace fairlead::pool {

// Shared by all workers of a server; atomics only. The worker whose answer ends a window draws its conclusion.
class LearnedLimit {
 public:
  static constexpr std::uint32_t kFirst = 20;
  static constexpr std::uint32_t kMost = 1'000'000;
  // A window lasts at least so long, and has at least so many answers.
  static constexpr Duration kWindow = std::chrono::milliseconds(250);
  static constexpr std::uint32_t kEnough = 50;
  // Answers may become this much slower than those of an unhurried server.
  static constexpr double kTolerance = 1.5;
  // A busy server is measured with this part of its limit. Half would not do: where only one request at a time is
  // worked on, and others wait for it, tolerance and queue would make up for the half.
  static constexpr std::uint32_t kProbePart = 3;
  // Time between two measurements: at first, and in the end.
  static constexpr Duration kFirstProbe = std::chrono::seconds(1);
  static constexpr Duration kLastProbe = std::chrono::seconds(32);

  // A good answer began after `wait`, with `in_flight` requests on the server, itself included, under `limit`. The new
  // limit, where a window ends and changes it.
  std::optional<std::uint32_t> record(Duration wait, std::uint32_t in_flight, std::uint32_t limit, TimePoint now);
  // A request failed: the limit does not grow, and shrinks a little.
  void record_failure() { has_failed_.store(true, std::memory_order_relaxed); }

 private:
  // Of a measurement: answers to what was sent before are let pass first.
  enum class Phase : std::uint8_t { learning, settling, measuring };

  std::optional<std::uint32_t> end_window(std::uint32_t limit, TimePoint now);
  std::uint32_t follow(double mean, std::uint32_t limit, bool has_failed) const;
  void put_off_probe(TimePoint now);

  // Of the window that is open.
  alignas(64) std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint64_t> sum_{0};  // of microseconds
  std::atomic<bool> was_used_{false};  // at least half of the limit was in flight
  std::atomic<bool> has_failed_{false};
  std::atomic<TimePoint::rep> window_end_{0};
  // Of all windows before. Whoever ends a window writes them.
  std::atomic<double> unhurried_{0};  // microseconds; 0: not known yet
  std::atomic<Phase> phase_{Phase::learning};
  std::atomic<std::uint32_t> before_probe_{0};  // the limit
  std::atomic<TimePoint::rep> next_probe_{0};
  std::atomic<Duration::rep> probe_interval_{kFirstProbe.count()};
};

}  // namespace fairlead::pool
