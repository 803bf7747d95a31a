#include "app/snapshot_builder.h"

#include "base/hash.h"

namespace fairlead::app {

namespace {

void set_limit(pool::Server& server, std::optional<std::uint32_t> limit) {
  if (limit == pool::PoolLimits::kLearned) {
    server.learn_max_inflight();
  } else if (server.learns_max_inflight() || server.max_inflight() != limit.value_or(0)) {
    server.publish_max_inflight(limit.value_or(0));
  }
}

}  // namespace

std::shared_ptr<const proxy::Snapshot> SnapshotBuilder::build(const Options& options, std::uint64_t generation) {
  std::vector<std::shared_ptr<const pool::Pool>> pools;
  std::map<std::string, std::size_t> pool_index;
  for (const auto& [name, pool_options] : options.pools) {
    pool_index[name] = pools.size();
    pools.push_back(build_pool(name, pool_options, options.zone));
  }
  std::erase_if(known_, [&](const auto& entry) { return !options.pools.contains(entry.first); });

  std::vector<proxy::Route> routes;
  for (const proxy::RouteOptions& route : options.routes) {
    const auto pool = pool_index.find(route.to);
    routes.push_back({.options = route, .pool = pool == pool_index.end() ? proxy::Route::kNoPool : pool->second});
  }
  return std::make_shared<const proxy::Snapshot>(generation, proxy::RouteTable(std::move(routes)), std::move(pools),
                                                 options.listeners, options.errors, kept_bodies_);
}

std::shared_ptr<const pool::Pool> SnapshotBuilder::build_pool(const std::string& name, const pool::PoolOptions& options,
                                                              const std::string& zone) {
  const std::uint64_t machine = hash_bytes(secret_);
  KnownPool& known = known_[name];
  std::map<std::string, std::shared_ptr<pool::Server>> servers;
  std::vector<pool::Member> members;
  for (const pool::ServerOptions& server : options.servers) {
    const std::string server_name = server.name.empty() ? server.address.text() : server.name;
    std::shared_ptr<pool::Server>& kept = servers[server_name];
    const auto before = known.servers.find(server_name);
    if (before != known.servers.end() && before->second->endpoint() == server.address) {
      kept = before->second;
      if (kept->weight() != server.weight) kept->publish_weight(server.weight);
    } else {
      kept = std::make_shared<pool::Server>(known.vitals, name, server_name, server.address, server.weight);
    }
    set_limit(*kept, server.max_inflight ? server.max_inflight : options.limits.max_inflight);
    members.push_back({kept, server.backup, pool::is_far(server, zone), mix(machine, hash_bytes(server_name))});
  }
  known.servers = std::move(servers);
  pool::PoolOptions signed_options = options;
  if (signed_options.sticky.secret.text.empty()) signed_options.sticky.secret.text = secret_;
  return std::make_shared<const pool::Pool>(name, std::move(signed_options), std::move(members), known.vitals);
}

}  // namespace fairlead::app
