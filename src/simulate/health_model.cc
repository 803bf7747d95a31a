#include "simulate/health_model.h"

#include <algorithm>
#include <utility>

namespace fairlead::simulate {

HealthModel::HealthModel(const pool::Pool& pool, Backend& backend, Random& random, TimePoint start, TimePoint now)
    : pool_(pool),
      backend_(backend),
      random_(random),
      start_(start),
      housekeeping_at_(now + kHousekeeping),
      next_(now) {
  const pool::PoolOptions& options = pool.options();
  watched_.reserve(pool.members().size());
  for (const pool::Member& member : pool.members()) {
    pool::Server& server = *member.server;
    watched_.push_back({.machine = {server, pool::HealthMachine::options_of(options), pool::Origin::process_start, now},
                        .detector = {server, options.passive, now},
                        .pace = {server, now},
                        .schedule = pool::CheckSchedule(options.health.every),
                        .next_tick = now,
                        .check_at = now});
  }
}

void HealthModel::advance(TimePoint now) {
  for (pool::Server* suspect : std::exchange(suspects_, {})) {
    for (Watched& watched : watched_)
      if (&watched.machine.server() == suspect) assess(watched, now);
  }
  for (std::size_t server = 0; server < watched_.size(); ++server)
    if (watched_[server].check_at <= now) check(server, now);
  if (housekeeping_at_ <= now) {
    housekeeping_at_ = now + kHousekeeping;
    for (Watched& watched : watched_) {
      watched.machine.note_traffic(now);
      if (watched.machine.wake_at() <= now) heed(watched, watched.machine.advance(now), now);
      if (watched.next_tick > now) continue;
      watched.next_tick = now + watched.detector.tick();
      assess(watched, now);
    }
    compare_paces(now);
  }
  plan_next();
}

void HealthModel::on_suspect(pool::Server& server) {
  suspects_.push_back(&server);
  next_ = TimePoint::min();
}

void HealthModel::check(std::size_t server, TimePoint now) {
  Watched& watched = watched_[server];
  const pool::HealthOptions& options = pool_.options().health;
  if (!watched.answer) {
    watched.check_began = now;
    watched.answer = backend_.check(server, now - start_, options.only_connects());
    watched.check_at = now + std::min({watched.answer->after, options.timeout, options.every});
    return;
  }
  const Reply answer = *std::exchange(watched.answer, std::nullopt);
  answered(watched, answer, now);
  watched.check_at = watched.schedule.next(watched.check_began, watched.machine.is_failing(), random_);
}

void HealthModel::answered(Watched& watched, const Reply& answer, TimePoint now) {
  const pool::HealthOptions& options = pool_.options().health;
  const Duration took = now - watched.check_began;
  if (answer.after > std::min(options.timeout, options.every)) {
    heed(watched,
         watched.machine.check_timed_out(
             {.reason = word(ErrorCode::response_timeout), .summary = "no answer in time", .took = took}, now),
         now);
  } else if (answer.error) {
    const std::string_view reason = word(answer.error->code);
    heed(watched, watched.machine.checked({.reason = reason, .summary = std::string(reason), .took = took}, now), now);
  } else {
    heed(watched,
         watched.machine.checked(
             {.verdict = pool::CheckVerdict::passed, .reason = "ok", .summary = "passed", .took = took}, now),
         now);
  }
}

void HealthModel::assess(Watched& watched, TimePoint now) {
  const auto finding = watched.detector.assess(now);
  if (!finding) return;
  if (!pool::may_eject(pool_.members(), watched.machine.server(), pool_.options().passive.max_share)) return;
  if (!pool::is_serving(watched.machine.state())) return;
  heed(watched, watched.machine.eject(*finding, now), now);
  watched.detector.reset(now);
}

void HealthModel::compare_paces(TimePoint now) {
  recent_.clear();
  for (Watched& watched : watched_) recent_.push_back(watched.pace.look(watched.machine.state(), now));
  zones_.look(pool_, recent_, now);
  const pool::ZonePaces paces(pool_, recent_);
  for (std::size_t index = 0; index < watched_.size(); ++index) {
    Watched& watched = watched_[index];
    heed(watched, watched.pace.follow(paces.of(pool_.members()[index]), recent_[index], pool_, watched.machine, now),
         now);
  }
}

void HealthModel::heed(Watched& watched, const std::optional<pool::Transition>& transition, TimePoint now) {
  if (!transition) return;
  const bool serves = pool::is_serving(transition->to);
  const bool served = pool::is_serving(transition->from);
  // What failed before says nothing of a server that is let in again.
  if (serves && !served) watched.detector.reset(now);
  if (served && !serves) watched.left_at = std::min(watched.left_at, now);
}

void HealthModel::plan_next() {
  next_ = housekeeping_at_;
  for (const Watched& watched : watched_) next_ = std::min(next_, watched.check_at);
}

}  // namespace fairlead::simulate
