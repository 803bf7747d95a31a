// One simulated run: a whole worker with its health monitor between scripted clients and servers, all from one seed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/health_monitor.h"
#include "app/memory_plan.h"
#include "app/options.h"
#include "app/snapshot_builder.h"
#include "app/worker.h"
#include "net/output.h"
#include "net/resolver.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/slab.h"
#include "runtime/task_group.h"
#include "sim/client.h"
#include "sim/journal.h"
#include "sim/server.h"

namespace fairlead::sim {

// What a run is like.
enum class Weather : std::uint8_t {
  calm,    // some servers are well; the others only refuse or vanish, and retries are plenty: nothing may fail
  stormy,  // servers and clients do all that they can do
};

// What came of a run.
struct Report {
  std::vector<std::string> violations;
  std::string summary;  // the same for the same seed
  std::size_t requests = 0;
  std::size_t answers = 0;  // from servers
  std::size_t own_answers = 0;
  std::size_t cuts = 0;
  std::uint64_t retries = 0;
  std::uint64_t hedges = 0;
  std::uint64_t hedges_won = 0;
  std::size_t refused_connections = 0;
  std::size_t shed_requests = 0;  // for want of memory
  std::size_t refused_heads = 0;
  std::size_t homes = 0;  // clients that were held to one server
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  // Runs to the end and checks every promise. Once.
  Report run();

 private:
  class Events final : public app::HealthListener {
   public:
    void on_server_event(const pool::ServerEvent&) override {}
    void on_pool_event(const pool::PoolEvent&) override {}
    void on_zone_event(const pool::ZoneEvent&) override {}
  };
  class Names final : public net::Resolver {
   public:
    void resolve(const net::Endpoint&, std::move_only_function<void(net::Lookup)>) override {}
  };

  void plan_servers();
  void plan_options();
  app::WorkerMemory plan_memory();
  void plan_sticky();
  void plan_limits();
  void change_options();
  std::uint32_t draw_weight(const Server& server);
  ClientPlan plan_client();
  void apply();
  runtime::Task<void> disturb(Server& server);
  runtime::Task<void> reload(Duration after);
  runtime::Task<void> watch_limit();
  runtime::Task<void> watch_seats();
  runtime::Task<void> end_early(Duration after);
  void end();
  void check_leftovers();
  void check_counters();
  void check_budget();
  void check_homes();
  Report report();
  bool is_well(const Server& server) const { return server.plan().number <= well_; }
  bool chance(double probability) { return random_.chance(probability); }
  Duration time_below(Duration limit);

  // What worlds before this one have left free would be more memory for it.
  struct FreshSlab {
    FreshSlab() { runtime::Slab::trim(); }
  };

  FreshSlab fresh_slab_;
  Random random_;
  Weather weather_;
  bool sends_whole_;      // the network cuts nothing
  bool servers_hang_up_;  // on connections that nobody uses
  runtime::SimulatedLoop loop_;
  Journal journal_;
  Events events_;
  Names names_;
  Random monitor_random_;
  app::HealthMonitor monitor_;
  proxy::Seating process_seats_;
  app::Worker worker_;
  app::Options options_;
  app::SnapshotBuilder builder_;
  std::vector<std::shared_ptr<const proxy::Snapshot>> snapshots_;
  std::shared_ptr<const proxy::SessionSettings> settings_;
  int listener_ = -1;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<Client>> clients_;
  runtime::TaskGroup client_tasks_;
  runtime::TaskGroup script_;
  std::uint32_t seats_ = 0;                  // connections at once; 0: any number
  std::optional<app::WorkerMemory> memory_;  // empty: any amount
  std::size_t homes_ = 0;
  int well_ = 0;  // servers 1 to this one stay well in calm weather
  int next_id_ = 0;
  net::Output hoard_;  // of a peer that takes nothing: the memory for such is spent
  TimePoint drained_at_ = kNever;
  TimePoint cut_at_ = kNever;
};

}  // namespace fairlead::sim
