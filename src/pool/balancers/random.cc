// Random: a weighted draw. Knows nothing of load; for pools whose servers and requests are all alike.

#include <cstddef>
#include <vector>

#include "pool/balancer.h"
#include "pool/balancers/alias_table.h"

namespace fairlead::pool {
namespace {

class WeightedRandom final : public Balancer {
 public:
  explicit WeightedRandom(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override {
    eligible_.assign(eligible.begin(), eligible.end());
    table_.build(eligible_);
  }

  Server* pick(const PickRequest& request) override {
    if (eligible_.empty()) return nullptr;
    // Drawing again keeps the shares of the servers that were not tried.
    for (int draws = 0; draws < kMaxDraws; ++draws) {
      Server* drawn = eligible_[table_.draw(random_)].server;
      if (!request.tried.contains(*drawn)) return drawn;
    }
    return draw_untried(request);
  }

 private:
  static constexpr int kMaxDraws = 8;

  // Where those that were tried hold nearly all of the weight: one exact draw among the others.
  Server* draw_untried(const PickRequest& request) {
    std::uint64_t untried_weight = 0;
    for (const Candidate& candidate : eligible_) {
      if (!request.tried.contains(*candidate.server)) untried_weight += candidate.weight;
    }
    if (untried_weight == 0) return nullptr;
    std::uint64_t drawn = random_.below(untried_weight);
    for (const Candidate& candidate : eligible_) {
      if (request.tried.contains(*candidate.server)) continue;
      if (drawn < candidate.weight) return candidate.server;
      drawn -= candidate.weight;
    }
    return nullptr;
  }

  Random& random_;
  std::vector<Candidate> eligible_;
  AliasTable table_;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<WeightedRandom>(random); }

}  // namespace

extern constinit const BalancerType weighted_random{
    .algorithm = Algorithm::random,
    .name = "random",
    .help = "A random server, in proportion to its weight.",
    .make = make,
};

}  // namespace fairlead::pool
