// What a choice costs and how evenly it loads the servers, for each algorithm and pools of several sizes.
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

#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

std::unique_ptr<Balancer> make(const BalancerType& type, Random& random, const TestServers& servers) {
  std::unique_ptr<Balancer> balancer = type.make(test_pool(), random);
  balancer->update(servers.candidates());
  return balancer;
}

double ns_per_pick(const BalancerType& type, std::size_t count) {
  constexpr int kPicks = 200'000;
  TestServers servers(count);
  Random random(1);
  const auto balancer = make(type, random, servers);
  std::vector<Permit> open(count);
  const auto began = std::chrono::steady_clock::now();
  for (int pick = 0; pick < kPicks; ++pick)
    open[static_cast<std::size_t>(pick) % count] = Permit(*balancer->pick(fresh_request()));
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
  const auto balancer = make(type, random, servers);
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
    Server* server = balancer->pick(fresh_request());
    const std::size_t index = servers.index_of(server);
    ahead += server->in_flight();
    waiting += server->in_flight() > 0 ? 1 : 0;
    if (queues[index].empty()) departures.push({now + exponential(), index});
    queues[index].emplace(*server);
  }
  return {ahead / arrivals, static_cast<double>(waiting) / arrivals};
}

void print_table() {
  fmt::print("{:<16}{:>8}{:>10}{:>14}{:>14}\n", "algorithm", "servers", "ns/pick", "mean ahead", "waiting");
  for (const BalancerType* type : balancer_catalog()) {
    for (const std::size_t count : {4, 16, 32, 64, 1000, 10'000}) {
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

int main() { fairlead::pool::print_table(); }
