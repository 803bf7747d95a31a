// Chooses a server for a request, among those that are eligible. Knows nothing of retries, health or connections.
//
// An algorithm is one file in balancers/ and one line in balancers/catalog.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "pool/options.h"
#include "pool/server.h"

namespace fairlead::pool {

class Pool;

// An eligible server and its effective weight: above 0, only ratios matter (see Server::effective_weight).
struct Candidate {
  Server* server;
  std::uint32_t weight;
};

// The servers that a request has tried already. Of more than kCapacity, the last ones are remembered.
class TriedServers {
 public:
  static constexpr std::size_t kCapacity = 8;

  void add(const Server& server) { servers_[count_++ % kCapacity] = &server; }
  bool contains(const Server& server) const {
    const std::span known = std::span(servers_).first(std::min(count_, kCapacity));
    return std::ranges::find(known, &server) != known.end();
  }
  bool empty() const { return count_ == 0; }
  // Tries so far, forgotten ones included.
  std::size_t count() const { return count_; }

 private:
  std::array<const Server*, kCapacity> servers_{};
  std::size_t count_ = 0;
};

// What a choice may depend on besides the servers.
struct PickRequest {
  const TriedServers& tried;   // never chosen
  TimePoint now{};             // for algorithms that age what they have learned
  std::uint64_t key_hash = 0;  // for algorithms that keep a key on its server
};

// One instance per worker and pool; not thread-safe. What is true across workers is read from the servers.
class Balancer {
 public:
  virtual ~Balancer() = default;

  // Takes a new set of eligible servers or new weights; may allocate. The servers outlive the next update.
  virtual void update(std::span<const Candidate> eligible) = 0;
  // A server of the last update that is not in `request.tried`, or null where there is none. Allocates nothing.
  virtual Server* pick(const PickRequest& request) = 0;
};

// An entry of the catalog.
struct BalancerType {
  Algorithm algorithm;
  std::string_view name;  // as in a configuration
  std::string_view help;  // one sentence for the reference
  // Whether requests are shared out by weight, as long as servers are equally fast and idle.
  bool shares_by_weight = true;
  // `pool` and the worker's `random` outlive the balancer.
  std::unique_ptr<Balancer> (*make)(const Pool& pool, Random& random);
};

}  // namespace fairlead::pool
