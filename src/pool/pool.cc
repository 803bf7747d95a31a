#include "pool/pool.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/hash.h"

namespace fairlead::pool {
namespace {

std::unique_ptr<const KeyMap> key_map_of(HashTable table, std::span<const Member> members, bool backup) {
  std::vector<KeyPlace> places;
  for (std::uint32_t index = 0; index < members.size(); ++index) {
    const std::uint32_t weight = members[index].server->weight();
    if (members[index].backup == backup && weight > 0)
      places.push_back({hash_bytes(members[index].server->name()), weight, index});
  }
  return make_key_map(table, std::move(places));
}

std::vector<std::uint32_t> places_by_rank(const PoolOptions& options, std::span<const Member> members) {
  std::vector<std::uint32_t> places(members.size());
  std::iota(places.begin(), places.end(), 0U);
  if (options.subset)
    std::ranges::sort(places, {}, [&](std::uint32_t place) { return std::pair(members[place].rank, place); });
  return places;
}

}  // namespace

std::optional<HashOptions> hashing_of(const PoolOptions& options) {
  switch (options.algorithm) {
    case Algorithm::hash:
      return options.hash;
    case Algorithm::ip_hash:
      return HashOptions{.key = {HashKey::Kind::client_net, ""}, .bounded_load = std::nullopt};
    case Algorithm::source:
      return HashOptions{.key = {HashKey::Kind::client_ip, ""}, .bounded_load = std::nullopt};
    default:
      return std::nullopt;
  }
}

std::optional<std::uint32_t> slow_factor_of(const PoolOptions& options) {
  return hashing_of(options) ? std::nullopt : options.passive.slow_factor;
}

std::optional<std::uint32_t> spill_factor_of(const PoolOptions& options) {
  return hashing_of(options) ? std::nullopt : options.spill_factor;
}

Pool::Pool(std::string name, PoolOptions options, std::vector<Member> members, std::shared_ptr<PoolVitals> vitals)
    : name_(std::move(name)),
      options_(std::move(options)),
      members_(std::move(members)),
      vitals_(std::move(vitals)),
      hashing_(hashing_of(options_)),
      by_rank_(places_by_rank(options_, members_)),
      has_far_(std::ranges::any_of(members_, &Member::far)),
      has_limits_(options_.limits.max_inflight ||
                  std::ranges::any_of(options_.servers,
                                      [](const ServerOptions& server) { return server.max_inflight.has_value(); })),
      generation_(vitals_->waiting_line.begin_generation()) {
  if (!options_.sticky.cookie.empty()) sticky_.emplace(options_.sticky, name_, members_);
  if (options_.sticky.is_learned()) {
    if (vitals_->sessions == nullptr) vitals_->sessions = std::make_unique<StickyTable>();
    sessions_.emplace(options_.sticky, members_, *vitals_->sessions);
  }
  if (!hashing_) return;
  for (const bool backup : {false, true}) key_maps_[backup ? 1 : 0] = key_map_of(hashing_->table, members_, backup);
}

void Pool::publish_spill(double share) const {
  const auto hundredths = static_cast<std::uint32_t>(std::lround(share * 100));
  if (vitals_->spill.load(std::memory_order_relaxed) == hundredths) return;
  vitals_->spill.store(hundredths, std::memory_order_relaxed);
  vitals_->epoch.fetch_add(1, std::memory_order_seq_cst);
}

PoolState Pool::state() const { return pool_state(members_); }

std::uint32_t StateCounts::total() const { return std::accumulate(counts_.begin(), counts_.end(), 0U); }

PoolState pool_state(const StateCounts& counts) {
  if (counts.total() == 0) return PoolState::empty;
  if (counts.serving() == counts.total()) return PoolState::ok;
  if (counts.serving() > 0) return PoolState::degraded;
  // A pool that has just started is not failing yet: nothing has been found wrong.
  return counts.of(ServerState::checking) > 0 && counts.failed() == 0 ? PoolState::degraded : PoolState::failing;
}

PoolState pool_state(std::span<const Member> members) {
  StateCounts counts;
  for (const Member& member : members) counts.add(member.server->state());
  return pool_state(counts);
}

}  // namespace fairlead::pool
