// Whether Fairlead's own zone is overloaded, and what part of its requests other zones should take meanwhile.
//
// Fairlead sees its own requests only: a zone that looks idle from here may be busy with those of others. What tells is
// how long answers take. So the own zone is compared with itself at ease, and, as soon as others help, with these.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "pool/answer_window.h"
#include "pool/pace.h"
#include "pool/pool.h"
#include "pool/server_event.h"

namespace fairlead::pool {

// One per pool, on the control thread. Survives reloads.
class ZoneWatch {
 public:
  // The share of all requests that is moved elsewhere, or back, in one look: away within seconds, back in no hurry, so
  // that a zone which is just at its limit does not swing.
  static constexpr double kAway = 0.04;
  static constexpr double kBack = 0.01;
  // Fewer answers of a zone tell nothing.
  static constexpr std::uint64_t kLeastAnswers = 20;
  // How far it looks back for the zone at ease, at least; at most twice as far.
  static constexpr Duration kMemory = std::chrono::minutes(5);

  // `recent` are the answers of the pool's members, in their order. Publishes the share to the pool's views. Call it
  // every AnswerWindow::kShortest / 4 or so.
  void look(const Pool& pool, std::span<const RecentAnswers> recent, TimePoint now);

  // What people should hear of since the last call, if anything; without time and generation. An overload that others
  // hardly help with is none.
  std::optional<ZoneEvent> news(const Pool& pool);

 private:
  // A share worth telling.
  static constexpr double kWorthTelling = 0.1;

  // What the servers of one side are like: the median of their answers on the scale of PaceSums, where there are
  // enough, and the requests in flight for their weight.
  struct Side {
    std::optional<double> pace;
    double load = 0;
    double weight = 0;  // of those that serve
  };
  enum class Verdict : std::uint8_t { at_ease, between, overloaded };

  Side side_of(const Pool& pool, std::span<const RecentAnswers> recent, bool far, TimePoint now);
  Verdict judge(const Side& near, const Side& far, std::uint32_t factor, TimePoint now);
  void remember(double pace, TimePoint now);

  double share_ = 0;
  // The own zone's answers as last compared, and at ease.
  double pace_ = 0;
  double at_ease_ = 0;
  bool is_told_ = false;  // that it is overloaded
  bool is_up_ = false;    // one of its servers, at least
  double most_ = 0;       // of the share since then
  // The fastest that the zone was since then, and in the time of kMemory before.
  TimePoint since_{};
  std::optional<double> fastest_;
  std::optional<double> fastest_before_;
  std::vector<RecentAnswers> answers_;  // of one side, to be used again
};

// How the paces of a pool's servers compare. Each zone's are compared with each other: a server that is far away is
// not a slow one.
class ZonePaces {
 public:
  // `recent` are the answers of the pool's members, in their order.
  ZonePaces(const Pool& pool, std::span<const RecentAnswers> recent);
  const PoolPace& of(const Member& member) const { return member.far && far_ ? *far_ : near_; }

 private:
  PoolPace near_;
  std::optional<PoolPace> far_;
};

}  // namespace fairlead::pool
