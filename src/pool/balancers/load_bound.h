// How much a server may carry compared with the others: at most a factor of its share of the requests in flight.
//
// Source: Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads" (2018).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pool/balancer.h"

namespace fairlead::pool {

// Not thread-safe; one per balancer. Knows the requests in flight of all servers together without reading all of them
// for each request: each call reads a few anew, in turns. Pools of up to kReadAtOnce are read as a whole.
class LoadBound {
 public:
  static constexpr std::size_t kReadAtOnce = 8;

  // A `factor` of 0 sets no bound.
  explicit LoadBound(double factor) : factor_(factor) {}

  void update(std::span<const Candidate> eligible) {
    if (factor_ == 0) return;
    servers_.clear();
    seen_.clear();
    total_ = 0;
    weights_ = 0;
    next_ = 0;
    for (const Candidate& candidate : eligible) {
      servers_.push_back(candidate.server);
      seen_.push_back(candidate.server->in_flight());
      total_ += seen_.back();
      weights_ += candidate.weight;
    }
  }

  // Call it once per request, before the first admits().
  void refresh() {
    for (std::size_t read = 0; read < std::min(kReadAtOnce, servers_.size()); ++read) {
      const std::uint32_t now = servers_[next_]->in_flight();
      total_ = total_ - seen_[next_] + now;
      seen_[next_] = now;
      next_ = next_ + 1 == servers_.size() ? 0 : next_ + 1;
    }
  }

  // Whether the server may take one more. Each may always take a few: with little in flight, an even share is less than
  // one request, and a key would move whenever two of its requests meet.
  bool admits(const Server& server, std::uint32_t weight) const {
    if (factor_ == 0) return true;
    const double share = static_cast<double>(weight) / static_cast<double>(weights_);
    return server.in_flight() + 1.0 <= std::max(kAlways, std::ceil(factor_ * static_cast<double>(total_ + 1) * share));
  }

 private:
  static constexpr double kAlways = 2;

  double factor_;
  std::vector<const Server*> servers_;
  std::vector<std::uint32_t> seen_;
  std::uint64_t total_ = 0;
  std::uint64_t weights_ = 0;
  std::size_t next_ = 0;
};

}  // namespace fairlead::pool
