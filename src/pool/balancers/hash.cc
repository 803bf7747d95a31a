// Hash: requests with the same key go to the same server, as long as it may take them.
//
// A key has an endless list of servers: what the pool's KeyMap says for the key, and then for one hash of it after the
// other. The first that is eligible, was not tried and has room takes the request. So nothing moves but the keys of a
// server that went down, and they are spread over all others; a retry goes to the next server of the list. A server
// that warms up takes a key if the key's lot is within its share, so that keys come back little by little and none
// moves twice.

#include "base/hash.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <vector>

#include "base/assert.h"
#include "pool/balancer.h"
#include "pool/balancers/alias_table.h"
#include "pool/balancers/load_bound.h"
#include "pool/balancers/untried.h"
#include "pool/key_maps/key_map.h"
#include "pool/pool.h"

namespace fairlead::pool {
namespace {

class Hash final : public Balancer {
 public:
  explicit Hash(const Pool& pool) : pool_(pool), bound_(pool.hashing()->bounded_load.value_or(LoadFactor{0}).factor) {
    const std::span<const Member> members = pool.members();
    for (std::uint32_t index = 0; index < members.size(); ++index) index_of_[members[index].server.get()] = index;
    standing_.resize(members.size());
  }

  void update(std::span<const Candidate> eligible) override {
    eligible_.assign(eligible.begin(), eligible.end());
    table_.build(eligible_);
    bound_.update(eligible_);
    standing_.assign(standing_.size(), Standing{});
    bool is_any_primary = false;
    for (const Candidate& candidate : eligible_) {
      const auto known = index_of_.find(candidate.server);
      FAIRLEAD_ASSERT(known != index_of_.end());
      const std::uint32_t index = known->second;
      standing_[index] = {candidate.server, candidate.weight, accepted(candidate)};
      is_any_primary |= !pool_.members()[index].backup;
    }
    map_ = pool_.key_map(!is_any_primary);
  }

  Server* pick(const PickRequest& request) override {
    if (eligible_.empty()) return nullptr;
    bound_.refresh();
    std::uint64_t hash = request.key_hash;
    for (int choice = 0; map_ != nullptr && choice < kMaxChoices; ++choice, hash = mix(hash)) {
      const Standing& standing = standing_[map_->at(hash)];
      if (lot_of(hash) >= standing.accepted || request.tried.contains(*standing.server)) continue;
      if (bound_.admits(*standing.server, standing.weight)) return standing.server;
    }
    return any(request);
  }

 private:
  // A member as this moment has it. `accepted` is the share of its keys that it takes, of kAll; 0: it is not eligible.
  struct Standing {
    Server* server = nullptr;
    std::uint32_t weight = 0;
    std::uint64_t accepted = 0;
  };
  static constexpr std::uint64_t kAll = std::uint64_t{1} << 32;
  // Enough to find one eligible server in eight with a probability of 98 %.
  static constexpr int kMaxChoices = 32;

  static std::uint64_t accepted(const Candidate& candidate) {
    const std::uint64_t full = std::uint64_t{candidate.server->weight()} * Server::kWeightScale;
    return candidate.weight >= full ? kAll : kAll * candidate.weight / full;
  }
  // Independent of where the hash points.
  static std::uint64_t lot_of(std::uint64_t hash) { return mix(hash, kAll) >> 32; }

  // Most of the pool is out, or all that the key leads to is full: a draw by weight that the key still decides.
  Server* any(const PickRequest& request) {
    Random keyed(request.key_hash);
    for (int draws = 0; draws < kMaxChoices; ++draws) {
      const Candidate& drawn = eligible_[table_.draw(keyed)];
      if (!request.tried.contains(*drawn.server) && bound_.admits(*drawn.server, drawn.weight)) return drawn.server;
    }
    return first_untried(eligible_, request, keyed.below(eligible_.size()));
  }

  const Pool& pool_;
  LoadBound bound_;
  boost::unordered_flat_map<const Server*, std::uint32_t> index_of_;
  std::vector<Standing> standing_;  // by the place among the pool's members
  std::vector<Candidate> eligible_;
  AliasTable table_;
  const KeyMap* map_ = nullptr;
};

std::unique_ptr<Balancer> make(const Pool& pool, Random&) { return std::make_unique<Hash>(pool); }

}  // namespace

extern constinit const BalancerType hash{
    .algorithm = Algorithm::hash,
    .name = "hash",
    .help = "The same server for the same client, or for another key.",
    .make = make,
};
extern constinit const BalancerType ip_hash{
    .algorithm = Algorithm::ip_hash,
    .name = "ip_hash",
    .help = "`hash` by the first three parts of the client's IPv4 address, without a bound, as with nginx.",
    .make = make,
};
extern constinit const BalancerType source{
    .algorithm = Algorithm::source,
    .name = "source",
    .help = "`hash` by the client's address, without a bound, as with HAProxy.",
    .make = make,
};

}  // namespace fairlead::pool
