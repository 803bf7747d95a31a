// What a choice costs and how evenly it loads the servers, for each algorithm and pools of several sizes.
//
// usage: fairlead_balancer_bench [ALGORITHM]; all of them, the tables of hashes and full pools by default.
//
// Cost: nanoseconds a choice, with one request in flight per server on average, on one core; the servers' counters are
// in this core's cache, as far as they fit. Queueing: an open system of equal servers that take one request at a time,
// each busy for 80 % of the time, arrivals and service times at random; the mean of requests ahead of a new one and
// the share of requests that did not find their server idle.

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <queue>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/hash.h"
#include "pool/balancers/catalog.h"
#include "pool/key_maps/key_map.h"
#include "pool/pool_view.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

// A balancer of all servers, with its pool.
struct Subject {
  Subject(const BalancerType& type, Random& random, const TestServers& servers)
      : pool(servers.pool(type.algorithm)), balancer(type.make(*pool, random)) {
    balancer->update(servers.candidates());
  }
  Server* pick(Random& keys) const { return balancer->pick(fresh_request(keys.next())); }

  std::shared_ptr<const Pool> pool;
  std::unique_ptr<Balancer> balancer;
};

double ns_per_pick(const BalancerType& type, std::size_t count) {
  constexpr int kPicks = 200'000;
  TestServers servers(count);
  Random random(1);
  const Subject subject(type, random, servers);
  Random keys(2);
  std::vector<Permit> open(count);
  const auto began = std::chrono::steady_clock::now();
  for (int pick = 0; pick < kPicks; ++pick) open[static_cast<std::size_t>(pick) % count] = Permit(*subject.pick(keys));
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  return took.count() / kPicks;
}

struct Queueing {
  double mean_ahead;
  double waiting_share;
};

Queueing queueing(const BalancerType& type, std::size_t count) {
  constexpr double kBusy = 0.8;
  const int arrivals = 400 * static_cast<int>(count) + 100'000;
  struct Departure {
    double at;
    std::size_t server;
    bool operator<(const Departure& other) const { return at > other.at; }
  };
  TestServers servers(count);
  Random random(1);
  const Subject subject(type, random, servers);
  Random keys(2);
  const auto exponential = [&] { return -std::log(1 - random.unit()); };
  std::priority_queue<Departure> departures;
  std::vector<std::queue<Permit>> queues(count);
  double now = 0;
  double ahead = 0;
  int waiting = 0;
  for (int arrival = 0; arrival < arrivals; ++arrival) {
    now += exponential() / (kBusy * static_cast<double>(count));
    while (!departures.empty() && departures.top().at <= now) {
      const Departure done = departures.top();
      departures.pop();
      queues[done.server].pop();
      if (!queues[done.server].empty()) departures.push({done.at + exponential(), done.server});
    }
    Server* server = subject.pick(keys);
    const std::size_t index = servers.index_of(server);
    ahead += server->in_flight();
    waiting += server->in_flight() > 0 ? 1 : 0;
    if (queues[index].empty()) departures.push({now + exponential(), index});
    queues[index].emplace(*server);
  }
  return {ahead / arrivals, static_cast<double>(waiting) / arrivals};
}

class NoSuspects final : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

// A permit where `room` servers are below their limits: the balancer's draws miss, and the room has to be found.
// Without any, what it takes to see that a request must wait. `on_backup`: half of the servers are backups, and the
// room is there.
double ns_per_permit_of_full_pool(std::size_t count, std::size_t room, bool on_backup) {
  constexpr int kPermits = 20'000;
  TestServers servers(count);
  PoolOptions options;
  options.limits.max_inflight = 1;
  std::vector<Member> members = servers.members();
  std::vector<Permit> held;
  for (std::size_t index = 0; index < count; ++index) {
    members[index].backup = on_backup && index >= count / 2;
    servers[index].publish_max_inflight(1);
    if (index + room < count) held.push_back(Permit::try_take(servers[index]).value());
  }
  Random random(1);
  NoSuspects suspects;
  PoolView view(std::make_shared<const Pool>("web", options, std::move(members), servers.vitals()), random, suspects);
  FAIRLEAD_ASSERT(view.admit({}, kTestStart).has_value() == (room > 0));
  const auto began = std::chrono::steady_clock::now();
  int granted = 0;
  for (int permit = 0; permit < kPermits; ++permit) granted += view.admit({}, kTestStart).has_value() ? 1 : 0;
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  FAIRLEAD_ASSERT(granted == (room == 0 ? 0 : kPermits));
  return took.count() / kPermits;
}

void print_full_pools() {
  fmt::print("\n{:<22}{:>8}{:>10}\n", "full pool", "servers", "ns");
  for (const std::size_t count : {4, 100, 1000, 10'000}) {
    fmt::print("{:<22}{:>8}{:>10.0f}\n", "all but one", count, ns_per_permit_of_full_pool(count, 1, false));
    fmt::print("{:<22}{:>8}{:>10.0f}\n", "all but one backup", count, ns_per_permit_of_full_pool(count, 1, true));
    fmt::print("{:<22}{:>8}{:>10.0f}\n", "all", count, ns_per_permit_of_full_pool(count, 0, false));
  }
}

// The time to make the map of keys of a pool, which a reload takes on the control thread.
void print_key_maps() {
  fmt::print("\n{:<16}{:>8}{:>10}\n", "table", "servers", "ms");
  for (const auto& [name, table] : {std::pair{"maglev", HashTable::maglev}, std::pair{"ring", HashTable::ring}}) {
    for (const std::uint32_t count : {4, 100, 1000, 10'000}) {
      std::vector<KeyPlace> places;
      for (std::uint32_t member = 0; member < count; ++member) places.push_back({mix(member), 100, member});
      const auto began = std::chrono::steady_clock::now();
      const auto map = make_key_map(table, std::move(places));
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
      fmt::print("{:<16}{:>8}{:>10.1f}\n", name, map->at(0) < count ? count : 0, took.count());
    }
  }
}

void print_table(std::string_view only) {
  fmt::print("{:<16}{:>8}{:>10}{:>14}{:>14}\n", "algorithm", "servers", "ns/pick", "mean ahead", "waiting");
  for (const BalancerType* type : balancer_catalog()) {
    if (!only.empty() && type->name != only) continue;
    for (const std::size_t count : {4, 16, 32, 100, 1000, 10'000}) {
      fmt::print("{:<16}{:>8}{:>10.0f}", type->name, count, ns_per_pick(*type, count));
      // Larger pools take long to simulate and differ little from this one.
      if (count <= 1000) {
        const Queueing found = queueing(*type, count);
        fmt::print("{:>14.3f}{:>13.1f}%", found.mean_ahead, 100 * found.waiting_share);
      }
      fmt::print("\n");
    }
  }
}

}  // namespace
}  // namespace fairlead::pool

int main(int count, char** arguments) {
  const std::string_view only = count > 1 ? arguments[1] : "";
  fairlead::pool::print_table(only);
  if (!only.empty()) return 0;
  fairlead::pool::print_key_maps();
  fairlead::pool::print_full_pools();
  return 0;
}
