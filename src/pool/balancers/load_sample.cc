#include "pool/balancers/load_sample.h"

#include "pool/balancers/untried.h"

namespace fairlead::pool {
namespace {

Seen seen_as(const Candidate& candidate, double chance) {
  return {candidate.server, static_cast<double>(candidate.server->in_flight()), static_cast<double>(candidate.weight),
          chance};
}

// `left.in_flight / left.speed < (right.in_flight + 1) / right.speed`, without dividing.
bool qualifies(const Seen& left, const Seen& right) {
  return left.in_flight * right.speed < (right.in_flight + 1) * left.speed;
}

// The server that would be least loaded after one more request; its load sets the bar for all others.
const Seen& least_after_one_more(std::span<const Seen> seen) {
  const Seen* least = &seen.front();
  for (const Seen& other : seen.subspan(1)) {
    if ((other.in_flight + 1) * least->speed < (least->in_flight + 1) * other.speed) least = &other;
  }
  return *least;
}

}  // namespace

void LoadSample::update(std::span<const Candidate> eligible) {
  eligible_.assign(eligible.begin(), eligible.end());
  if (eligible_.size() > kScanLimit) table_.build(eligible_);
}

std::span<Seen> LoadSample::take(const PickRequest& request, Random& random) {
  std::size_t count = 0;
  if (eligible_.size() <= kScanLimit) {
    for (const Candidate& candidate : eligible_) {
      if (!request.tried.contains(*candidate.server)) seen_[count++] = seen_as(candidate, candidate.weight);
    }
    return std::span(seen_).first(count);
  }
  std::array<const Candidate*, kDraws> drawn{};
  for (const Candidate*& candidate : drawn) {
    candidate = &eligible_[table_.draw(random)];
    candidate->server->prefetch_load();
  }
  for (const Candidate* candidate : drawn) {
    if (!request.tried.contains(*candidate->server)) seen_[count++] = seen_as(*candidate, 1);
  }
  if (count == 0) {
    if (Server* server = first_untried(eligible_, request, random.below(eligible_.size())))
      seen_[count++] = seen_as({server, 1}, 1);
  }
  return std::span(seen_).first(count);
}

Server* least_loaded(std::span<const Seen> seen, Random& random) {
  const Seen& least = least_after_one_more(seen);
  double chances = 0;
  for (const Seen& one : seen) chances += qualifies(one, least) ? one.chance : 0;
  double drawn = random.unit() * chances;
  for (const Seen& one : seen) {
    if (!qualifies(one, least)) continue;
    if (drawn < one.chance) return one.server;
    drawn -= one.chance;
  }
  return least.server;
}

}  // namespace fairlead::pool
