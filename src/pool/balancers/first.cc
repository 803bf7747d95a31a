// First: every request to the first server that can take it, in the order of the configuration.
//
// Fills one server before the next, so that those at the end of the list can sleep. Weights only matter while a server
// warms up, when it takes part of the requests and the next one the rest.

#include <vector>

#include "pool/balancer.h"
#include "pool/balancers/untried.h"

namespace fairlead::pool {
namespace {

class First final : public Balancer {
 public:
  explicit First(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override { eligible_.assign(eligible.begin(), eligible.end()); }

  Server* pick(const PickRequest& request) override {
    for (const Candidate& candidate : eligible_) {
      if (!request.tried.contains(*candidate.server) && takes(candidate)) return candidate.server;
    }
    return first_untried(eligible_, request, 0);
  }

 private:
  // By lot while it is warming, always otherwise.
  bool takes(const Candidate& candidate) {
    const std::uint64_t full = std::uint64_t{candidate.server->weight()} * Server::kWeightScale;
    return candidate.weight >= full || random_.below(full) < candidate.weight;
  }

  Random& random_;
  std::vector<Candidate> eligible_;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<First>(random); }

}  // namespace

extern constinit const BalancerType first{
    .algorithm = Algorithm::first,
    .name = "first",
    .help = "The first server of the list that can take the request.",
    .shares_by_weight = false,
    .make = make,
};

}  // namespace fairlead::pool
