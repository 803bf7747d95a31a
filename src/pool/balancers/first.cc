// First: every request to the first server that can take it, in the order of the configuration.
//
// Fills one server up to its `max_inflight` before the next, so that those at the end of the list can sleep. Weights
// only matter while a server warms up, when it takes part of the requests and the next one the rest.

#include <algorithm>
#include <vector>

#include "pool/balancer.h"
#include "pool/balancers/untried.h"

namespace fairlead::pool {
namespace {

class First final : public Balancer {
 public:
  explicit First(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override {
    eligible_.assign(eligible.begin(), eligible.end());
    first_with_room_ = 0;
  }

  Server* pick(const PickRequest& request) override {
    look_back();
    while (first_with_room_ < eligible_.size() && eligible_[first_with_room_].server->is_full()) ++first_with_room_;
    for (std::size_t index = first_with_room_; index < eligible_.size(); ++index) {
      const Candidate& candidate = eligible_[index];
      if (!request.tried.contains(*candidate.server) && !candidate.server->is_full() && takes(candidate))
        return candidate.server;
    }
    return first_untried(eligible_, request, 0);
  }

 private:
  // As many servers are looked at again for each request: all of them in a short list, in turns in a long one, whose
  // full servers would else be looked at for every request.
  static constexpr std::size_t kLookBack = 16;

  void look_back() {
    const std::size_t passed = first_with_room_;
    for (std::size_t step = 0; step < std::min(kLookBack, passed); ++step) {
      look_back_ = look_back_ + 1 < passed ? look_back_ + 1 : 0;
      if (!eligible_[look_back_].server->is_full()) first_with_room_ = std::min(first_with_room_, look_back_);
    }
  }

  // By lot while it is warming, always otherwise.
  bool takes(const Candidate& candidate) {
    const std::uint64_t full = std::uint64_t{candidate.server->weight()} * Server::kWeightScale;
    return candidate.weight >= full || random_.below(full) < candidate.weight;
  }

  Random& random_;
  std::vector<Candidate> eligible_;
  std::size_t first_with_room_ = 0;  // all before it were full when they were last looked at
  std::size_t look_back_ = 0;
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
