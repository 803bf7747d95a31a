#include "pool/candidates.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

namespace fairlead::pool {
namespace {

enum class Distance : std::uint8_t { near, far, any };

std::optional<Tier> tier_of(const Member& member) {
  const ServerState state = member.server->state();
  if (is_serving(state)) return member.backup ? Tier::backup : Tier::primary;
  if (is_last_resort(state)) return Tier::last_resort;
  return std::nullopt;
}

// Adds the servers of a tier at a distance in the order of the configuration; where they are more than the pool's
// `subset`, those of the lowest rank.
void add(const Pool& pool, TimePoint now, Tier tier, Distance distance, std::vector<Candidate>& eligible) {
  const std::size_t most = pool.options().subset.value_or(std::numeric_limits<std::uint32_t>::max());
  std::vector<std::uint32_t> chosen;
  for (const std::uint32_t index : pool.by_rank()) {
    if (chosen.size() == most) break;
    const Member& member = pool.members()[index];
    const bool fits = distance == Distance::any || member.far == (distance == Distance::far);
    if (fits && member.server->weight() > 0 && tier_of(member) == tier) chosen.push_back(index);
  }
  std::ranges::sort(chosen);
  for (const std::uint32_t index : chosen) {
    Server* server = pool.members()[index].server.get();
    if (const std::uint32_t weight = server->effective_weight(now); weight > 0) eligible.push_back({server, weight});
  }
}

double weight_of(std::span<const Candidate> candidates) {
  return std::accumulate(candidates.begin(), candidates.end(), 0.0,
                         [](double sum, const Candidate& candidate) { return sum + candidate.weight; });
}

// The part of all requests that near servers take: all, while enough of them serve and they are not overloaded.
double share_of_near(const Pool& pool, TimePoint now) {
  double configured = 0;
  double serving = 0;
  for (const Member& member : pool.members()) {
    if (member.far || member.backup) continue;
    configured += static_cast<double>(member.server->weight()) * Server::kWeightScale;
    if (is_serving(member.server->state())) serving += member.server->effective_weight(now);
  }
  return serving == 0 ? 0 : std::min(serving / configured / kNearIsEnough, 1 - pool.spill());
}

void add_near_before_far(const Pool& pool, TimePoint now, std::vector<Candidate>& eligible) {
  add(pool, now, Tier::primary, Distance::near, eligible);
  const double share = share_of_near(pool, now);
  if (share >= 1) return;
  const std::size_t near = eligible.size();
  add(pool, now, Tier::primary, Distance::far, eligible);
  if (near == 0 || share == 0) return;
  const std::span far = std::span(eligible).subspan(near);
  // No far server gets more than it would without zones.
  const double wanted = weight_of(std::span(eligible).first(near)) * (1 - share) / share;
  const double scale = std::min(wanted / std::max(weight_of(far), 1.0), 1.0);
  for (Candidate& candidate : far)
    candidate.weight = std::max(static_cast<std::uint32_t>(candidate.weight * scale), std::uint32_t{1});
}

}  // namespace

std::optional<Tier> gather(const Pool& pool, TimePoint now, std::vector<Candidate>& eligible) {
  for (const Tier tier : {Tier::primary, Tier::backup, Tier::last_resort}) {
    eligible.clear();
    if (tier == Tier::last_resort && pool.options().last_resort == LastResort::fail) break;
    if (tier == Tier::primary && pool.has_far())
      add_near_before_far(pool, now, eligible);
    else
      add(pool, now, tier, Distance::any, eligible);
    if (!eligible.empty()) return tier;
  }
  return std::nullopt;
}

}  // namespace fairlead::pool
