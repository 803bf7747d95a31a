#include "pool/zone_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "pool/health/duration_text.h"
#include "pool/server_state.h"

namespace fairlead::pool {
namespace {

// Others must be this much faster than the own zone, in positions: half an octave. Less is distance or chance.
constexpr double kWorthTheWay = PaceSums::kOctave / 2.0;

PoolPace pace_of(const Pool& pool, std::span<const RecentAnswers> recent, bool far) {
  const std::optional<std::uint32_t> factor = slow_factor_of(pool.options());
  if (!pool.has_far()) return {recent, factor};
  std::vector<RecentAnswers> chosen;
  for (std::size_t index = 0; index < recent.size(); ++index)
    if (pool.members()[index].far == far) chosen.push_back(recent[index]);
  return {chosen, factor};
}

// Of all answers together, each taken to be as its server's mean: one server that is slow, or hangs, moves it little.
std::optional<double> median(std::span<RecentAnswers> answers) {
  std::uint64_t count = 0;
  for (const RecentAnswers& server : answers) count += server.count;
  if (count < ZoneWatch::kLeastAnswers) return std::nullopt;
  std::ranges::sort(answers, {}, &RecentAnswers::mean);
  std::uint64_t below = 0;
  for (const RecentAnswers& server : answers) {
    below += server.count;
    if (2 * below >= count) return server.mean;
  }
  return std::nullopt;
}

}  // namespace

void ZoneWatch::look(const Pool& pool, std::span<const RecentAnswers> recent, TimePoint now) {
  const std::optional<std::uint32_t> factor = spill_factor_of(pool.options());
  if (!factor || !pool.has_far()) {
    share_ = 0;
    is_up_ = true;
  } else {
    const Side near = side_of(pool, recent, false, now);
    const Side far = side_of(pool, recent, true, now);
    is_up_ = near.weight > 0;
    switch (judge(near, far, *factor, now)) {
      case Verdict::overloaded:
        // No more than others would get without zones: what is beyond would only have to be taken back.
        share_ = std::min(share_ + kAway, far.weight / (near.weight + far.weight));
        break;
      case Verdict::between:
        break;
      case Verdict::at_ease:
        share_ = std::max(share_ - kBack, 0.0);
        break;
    }
  }
  pool.publish_spill(share_);
}

std::optional<ZoneEvent> ZoneWatch::news(const Pool& pool) {
  const auto percent = [](double share) { return static_cast<int>(std::lround(100 * share)); };
  most_ = std::max(most_, share_);
  if (!is_told_ && share_ >= kWorthTelling) {
    is_told_ = true;
    return ZoneEvent{
        .pool = pool.name(),
        .is_overloaded = true,
        .why = fmt::format(
            "the own zone is overloaded: its servers take {} to answer, and {} at ease; other zones take "
            "{} % of its requests, and more while that lasts",
            short_duration(PaceSums::time_at(pace_)), short_duration(PaceSums::time_at(at_ease_)), percent(share_))};
  }
  // A zone that is down gives nothing away by load, and serves nothing either.
  if (!is_told_ || share_ > 0 || !is_up_) return std::nullopt;
  is_told_ = false;
  return ZoneEvent{.pool = pool.name(),
                   .is_overloaded = false,
                   .why = fmt::format("the own zone serves all requests again; other zones took up to {} % of them",
                                      percent(std::exchange(most_, 0)))};
}

ZoneWatch::Side ZoneWatch::side_of(const Pool& pool, std::span<const RecentAnswers> recent, bool far, TimePoint now) {
  answers_.clear();
  double in_flight = 0;
  double weight = 0;
  for (std::size_t index = 0; index < recent.size(); ++index) {
    const Member& member = pool.members()[index];
    if (member.far != far || member.backup || !is_serving(member.server->state())) continue;
    answers_.push_back(recent[index]);
    in_flight += member.server->in_flight();
    weight += member.server->effective_weight(now);
  }
  return {.pace = median(answers_), .load = weight == 0 ? 0 : in_flight / weight, .weight = weight};
}

ZoneWatch::Verdict ZoneWatch::judge(const Side& near, const Side& far, std::uint32_t factor, TimePoint now) {
  if (!near.pace) return Verdict::at_ease;
  remember(*near.pace, now);
  const double at_ease = std::min(*fastest_, fastest_before_.value_or(*fastest_));
  const double limit = std::log2(factor) * PaceSums::kOctave;
  const double behind = *near.pace - at_ease;
  pace_ = *near.pace;
  at_ease_ = at_ease;
  // Nobody is helped by a zone that has more to do.
  if (behind < limit / 2 || near.load <= far.load) return Verdict::at_ease;
  if (far.pace && *far.pace > *near.pace - kWorthTheWay) {
    // It takes as long elsewhere: it is the work that has changed, not the load.
    fastest_ = near.pace;
    fastest_before_.reset();
    return Verdict::at_ease;
  }
  const Duration difference = PaceSums::time_at(*near.pace) - PaceSums::time_at(at_ease);
  return behind < limit || difference < PoolPace::kLeastDifference ? Verdict::between : Verdict::overloaded;
}

void ZoneWatch::remember(double pace, TimePoint now) {
  if (fastest_ && now - since_ < kMemory) {
    fastest_ = std::min(*fastest_, pace);
    return;
  }
  fastest_before_ = fastest_;
  fastest_ = pace;
  since_ = now;
}

ZonePaces::ZonePaces(const Pool& pool, std::span<const RecentAnswers> recent) : near_(pace_of(pool, recent, false)) {
  if (pool.has_far()) far_ = pace_of(pool, recent, true);
}

}  // namespace fairlead::pool
