// Health in a simulated pool: the state machine, the outlier detector, the comparison of paces and the check schedule
// of the product, driven in virtual time. Stands for app::HealthMonitor, which needs a network.
#pragma once

#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "pool/health/schedule.h"
#include "pool/health_machine.h"
#include "pool/outlier_detector.h"
#include "pool/pace_watch.h"
#include "pool/pool.h"
#include "pool/pool_view.h"
#include "pool/zone_watch.h"
#include "simulate/backend.h"

namespace fairlead::simulate {

// The pool, the backend and `random` outlive it.
class HealthModel final : public pool::SuspectListener {
 public:
  // Checks every server at `now` for the first time. `start` is what the backend counts from.
  HealthModel(const pool::Pool& pool, Backend& backend, Random& random, TimePoint start, TimePoint now);

  // When it next has something to do.
  TimePoint next() const { return next_; }
  // Does all that is due.
  void advance(TimePoint now);
  // A worker's report; it is looked at in the next `advance`, which is then due at once.
  void on_suspect(pool::Server& server) override;

  // When the server first stopped to serve, after it had begun; kNever if it never did.
  TimePoint left_rotation(std::size_t server) const { return watched_[server].left_at; }

 private:
  // As in app::HealthMonitor.
  static constexpr Duration kHousekeeping = std::chrono::milliseconds(250);

  struct Watched {
    pool::HealthMachine machine;
    pool::OutlierDetector detector;
    pool::PaceWatch pace;
    pool::CheckSchedule schedule;
    TimePoint next_tick;
    TimePoint check_at;  // begins, or ends where there is an answer
    TimePoint check_began{};
    std::optional<Reply> answer{};  // of the check that is running
    TimePoint left_at = kNever;
  };

  void check(std::size_t server, TimePoint now);
  void answered(Watched& watched, const Reply& answer, TimePoint now);
  void assess(Watched& watched, TimePoint now);
  void compare_paces(TimePoint now);
  void heed(Watched& watched, const std::optional<pool::Transition>& transition, TimePoint now);
  void plan_next();

  const pool::Pool& pool_;
  Backend& backend_;
  Random& random_;
  TimePoint start_;
  std::vector<Watched> watched_;
  pool::ZoneWatch zones_;
  std::vector<pool::Server*> suspects_;
  std::vector<pool::RecentAnswers> recent_;  // of the servers that are compared, to be used again
  TimePoint housekeeping_at_;
  TimePoint next_;
};

}  // namespace fairlead::simulate
