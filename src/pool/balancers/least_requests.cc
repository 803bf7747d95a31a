// Least requests: the server with the fewest requests in flight for its weight, all workers' requests counted.

#include "pool/balancer.h"
#include "pool/balancers/load_sample.h"

namespace fairlead::pool {
namespace {

class LeastRequests final : public Balancer {
 public:
  explicit LeastRequests(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override { sample_.update(eligible); }

  Server* pick(const PickRequest& request) override {
    const std::span<const Seen> seen = sample_.take(request, random_);
    return seen.empty() ? nullptr : least_loaded(seen, random_);
  }

 private:
  Random& random_;
  LoadSample sample_;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<LeastRequests>(random); }

}  // namespace

extern constinit const BalancerType least_requests{
    .algorithm = Algorithm::least_requests,
    .name = "least_requests",
    .help = "The server with the fewest requests in flight for its weight.",
    .make = make,
};

}  // namespace fairlead::pool
