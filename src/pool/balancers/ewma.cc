// Peak-EWMA: the server that will be done first, going by how long its answers took of late (see PeakLatency).
//
// Like least_requests, with weights that are divided by the square of the latency. An estimate that nobody renewed
// fades, so that a slow server is asked again; but no further than to the fastest server's, or all would rush to a
// server of which nothing is known any more.
//
// Why the square: in flight times latency alone, as in Finagle, sends a slow server requests until as much work waits
// at it as at any other, however long that takes. With the square a server six times slower gets its next request when
// 36 wait at each of the others, and an idle one that is half as fast gets a quarter of their share.
//
// Servers are compared in the same number as by least_requests: with two draws alone, the slow server of a large pool
// would still win whenever its rival has a queue.

#include <algorithm>
#include <array>
#include <limits>

#include "pool/balancer.h"
#include "pool/balancers/load_sample.h"

namespace fairlead::pool {
namespace {

class PeakEwma final : public Balancer {
 public:
  explicit PeakEwma(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override { sample_.update(eligible); }

  Server* pick(const PickRequest& request) override {
    const std::span<Seen> seen = sample_.take(request, random_);
    if (seen.empty()) return nullptr;
    std::array<std::uint32_t, LoadSample::kScanLimit> latencies;
    std::uint32_t fastest = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t index = 0; index < seen.size(); ++index) {
      const PeakLatency::Estimate estimate = seen[index].server->latency().at(request.now);
      latencies[index] = estimate.faded;
      if (estimate.measured != 0) fastest = std::min(fastest, estimate.measured);
    }
    // A server of which nothing is known counts as the fastest, too.
    for (std::size_t index = 0; index < seen.size(); ++index) {
      const double quickness = fastest / static_cast<double>(std::max(latencies[index], fastest));
      seen[index].speed *= quickness * quickness;
      seen[index].chance *= quickness * quickness;
    }
    return least_loaded(seen, random_);
  }

 private:
  Random& random_;
  LoadSample sample_;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<PeakEwma>(random); }

}  // namespace

extern constinit const BalancerType peak_ewma{
    .algorithm = Algorithm::ewma,
    .name = "ewma",
    .help = "The fewest requests in flight, times the latency of late.",
    .make = make,
};

}  // namespace fairlead::pool
