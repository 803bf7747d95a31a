// Tells once, in plain words, when clients begin to feel a limit of a listener or of the process, and once when that is
// over.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/seat_plan.h"
#include "base/time.h"
#include "pool/server_event.h"
#include "proxy/body_budget.h"
#include "runtime/event_loop.h"
#include "runtime/timer_wheel.h"

namespace fairlead::app {

// Looks at the counters once a second: the data path only counts. Control thread only.
class LimitWatch final : private runtime::Timer {
 public:
  using Read = std::move_only_function<std::vector<ListenerLoad>()>;
  using Tell = std::move_only_function<void(pool::Severity, std::string)>;

  // `kept_bodies` outlives it.
  LimitWatch(runtime::EventLoop& loop, Read read, const proxy::BodyBudget& kept_bodies, Tell tell);

 private:
  enum class Limit : std::uint8_t {
    shed,
    refused,
    refused_clients,
    exhausted,
    too_slow,
    kept_heads,
    memory,
    pipelined,
    count_
  };
  static constexpr std::size_t kLimits = static_cast<std::size_t>(Limit::count_);
  static constexpr Duration kEvery = std::chrono::seconds(1);
  // So long without another case, and it is over.
  static constexpr Duration kQuiet = std::chrono::minutes(1);

  // One limit that may be felt, or not.
  struct Episode {
    std::uint64_t count = 0;   // at the last look
    std::uint64_t before = 0;  // before it began
    TimePoint began;
    Deadline over_at = kNever;  // unless there is another case; kNever: not felt
  };

  void on_timer() override;
  // `begin` and `end` give the words.
  template <typename Begin, typename End>
  void look(std::uint64_t count, Episode& episode, Begin begin, End end);
  static std::uint64_t count_of(const ListenerLoad& load, Limit limit);
  static std::string begin_text(const ListenerLoad& load, Limit limit);
  static std::string end_text(const ListenerLoad& load, Limit limit, std::uint64_t cases, Duration lasted);

  runtime::EventLoop& loop_;
  Read read_;
  const proxy::BodyBudget& kept_bodies_;
  Tell tell_;
  std::map<std::string, std::array<Episode, kLimits>> episodes_;
  Episode unkept_;
};

}  // namespace fairlead::app
