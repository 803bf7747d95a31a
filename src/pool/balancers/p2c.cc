// Power of two choices: of two servers drawn by weight, the one with fewer requests in flight for its weight.
//
// Reads two servers' counters, however large the pool, and is far better than one draw (Mitzenmacher, "The power of two
// choices in randomized load balancing", 2001). least_requests reads more of them and spreads more evenly.

#include <vector>

#include "pool/balancer.h"
#include "pool/balancers/alias_table.h"
#include "pool/balancers/untried.h"

namespace fairlead::pool {
namespace {

class TwoChoices final : public Balancer {
 public:
  explicit TwoChoices(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override {
    eligible_.assign(eligible.begin(), eligible.end());
    table_.build(eligible_);
  }

  Server* pick(const PickRequest& request) override {
    if (eligible_.empty()) return nullptr;
    const Candidate* first = draw(request, nullptr);
    if (first == nullptr) return first_untried(eligible_, request, random_.below(eligible_.size()));
    const Candidate* second = draw(request, first->server);
    return second == nullptr || !is_better(*second, *first) ? first->server : second->server;
  }

 private:
  static constexpr int kMaxDraws = 8;

  // One that was not tried and is not `other`: two draws of one server would be no choice.
  const Candidate* draw(const PickRequest& request, const Server* other) {
    for (int draws = 0; draws < kMaxDraws; ++draws) {
      const Candidate& drawn = eligible_[table_.draw(random_)];
      if (drawn.server != other && !request.tried.contains(*drawn.server)) return &drawn;
    }
    return nullptr;
  }

  // The second draw is taken where one more request would load it no more than the first is loaded already. Until then
  // the first is, so that shares of idle servers follow their weights. Counts have 32 bits, weights 22.
  static bool is_better(const Candidate& second, const Candidate& first) {
    const std::uint64_t after_one_more = std::uint64_t{second.server->in_flight()} + 1;
    return after_one_more * first.weight <= std::uint64_t{first.server->in_flight()} * second.weight;
  }

  Random& random_;
  std::vector<Candidate> eligible_;
  AliasTable table_;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<TwoChoices>(random); }

}  // namespace

extern constinit const BalancerType p2c{
    .algorithm = Algorithm::p2c,
    .name = "p2c",
    .help = "The less loaded of two random servers.",
    .make = make,
};

}  // namespace fairlead::pool
