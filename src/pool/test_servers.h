// For tests only: servers of a pool without a network.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pool/balancer.h"
#include "pool/permit.h"
#include "pool/pool.h"
#include "pool/server.h"

namespace fairlead::pool {

// Any instant; tests count from here.
inline constexpr TimePoint kTestStart{std::chrono::hours(1)};

// Servers `s0`, `s1`, … of the pool `web`, one per weight, all of them up.
class TestServers {
 public:
  explicit TestServers(std::span<const std::uint32_t> weights) {
    for (const std::uint32_t weight : weights) {
      const auto port = static_cast<std::uint16_t>(3000 + servers_.size());
      servers_.push_back(std::make_shared<Server>(vitals_, "web", fmt::format("s{}", servers_.size()),
                                                  net::Endpoint{"127.0.0.1", port, ""}, weight));
      servers_.back()->publish_state(ServerState::up, {}, {});
    }
  }
  explicit TestServers(std::size_t count) : TestServers(std::vector<std::uint32_t>(count, 100)) {}

  Server& operator[](std::size_t index) const { return *servers_[index]; }
  std::size_t size() const { return servers_.size(); }
  std::size_t index_of(const Server* server) const {
    std::size_t index = 0;
    while (index < servers_.size() && servers_[index].get() != server) ++index;
    return index;
  }
  void set_state(std::size_t index, ServerState state) { servers_[index]->publish_state(state, {}, {}); }

  std::vector<Candidate> candidates(TimePoint now = kTestStart) const {
    std::vector<Candidate> all;
    for (const auto& server : servers_) all.push_back({server.get(), server->effective_weight(now)});
    return all;
  }
  std::vector<Member> members() const {
    std::vector<Member> all;
    for (const auto& server : servers_) all.push_back({server});
    return all;
  }
  const std::shared_ptr<PoolVitals>& vitals() const { return vitals_; }
  // A pool of these servers, as if `options` had listed them.
  std::shared_ptr<const Pool> pool(PoolOptions options) const {
    options.servers.clear();
    for (const auto& server : servers_)
      options.servers.push_back({.name = server->name(), .address = server->endpoint(), .weight = server->weight()});
    return std::make_shared<Pool>("web", std::move(options), members(), vitals_);
  }
  std::shared_ptr<const Pool> pool(Algorithm algorithm) const {
    PoolOptions options;
    options.algorithm = algorithm;
    return pool(std::move(options));
  }

 private:
  std::shared_ptr<PoolVitals> vitals_ = std::make_shared<PoolVitals>();
  std::vector<std::shared_ptr<Server>> servers_;
};

// A pool with all the default options and no members, for algorithms that care for neither.
inline const Pool& test_pool() {
  static const Pool pool("web", {}, {}, std::make_shared<PoolVitals>());
  return pool;
}

// A request that was not tried before.
inline PickRequest fresh_request(std::uint64_t key_hash = 0) {
  static constexpr TriedServers kNone;
  return {.tried = kNone, .key_hash = key_hash};
}

}  // namespace fairlead::pool
