#include "cli/demo/plan.h"

#include <algorithm>
#include <string>

namespace fairlead::cli::demo {

namespace {

using namespace std::chrono_literals;

constexpr Duration kFullLength = 60s;
constexpr Duration kCheckEvery = 1s;
constexpr Duration kWarmup = 10s;
constexpr std::uint32_t kWorkers = 2;

Duration shortened(Duration duration, const DemoFlags& flags) {
  const double part = static_cast<double>(flags.duration.count()) / static_cast<double>(kFullLength.count());
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * std::min(1.0, part)));
}

}  // namespace

app::Options options_for(const DemoFlags& flags, const net::Endpoint& listen,
                         const std::vector<net::Endpoint>& servers) {
  pool::PoolOptions pool;
  pool.health.every = shortened(kCheckEvery, flags);
  pool.health.timeout = pool.health.every;
  pool.warmup = shortened(kWarmup, flags);
  for (std::size_t index = 0; index < servers.size(); ++index) {
    pool.servers.push_back({.name = "app-" + std::to_string(index + 1), .address = servers[index]});
  }
  proxy::RouteOptions route;
  route.name = "r1";
  route.to = kPool;

  app::Options options;
  options.listeners["demo"].address = {listen};
  options.routes = {route};
  options.pools[std::string(kPool)] = pool;
  options.log.access.output = "off";
  options.log.events.output = "off";
  options.workers = kWorkers;
  return options;
}

TrafficPlan traffic_for(const DemoFlags& flags) {
  TrafficPlan plan{
      .service_times = std::vector<Duration>(flags.servers, kNormalService), .rate = flags.rate, .seed = flags.seed};
  plan.service_times[script_for(flags, false).slow()] = kSlowService;
  return plan;
}

ScriptPlan script_for(const DemoFlags& flags, bool is_interactive) {
  const pool::HealthOptions health;
  return {.servers = flags.servers,
          .duration = flags.duration,
          .warmup = shortened(kWarmup, flags),
          .fall = health.fall,
          .rise = health.rise,
          .is_interactive = is_interactive};
}

}  // namespace fairlead::cli::demo
