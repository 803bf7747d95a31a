// Watches every server: active checks, judgement of real traffic, names, the clock. The one place where states change.
//
// Belongs to the control thread. Workers see the result in the servers' atomics; people see it as events.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/health_report.h"
#include "app/pool_tally.h"
#include "app/watched_server.h"
#include "base/random.h"
#include "net/resolver.h"
#include "pool/health/health_checker.h"
#include "pool/health_machine.h"
#include "pool/pool.h"
#include "pool/pool_view.h"
#include "pool/server_event.h"
#include "pool/zone_watch.h"
#include "runtime/event_loop.h"
#include "runtime/task_group.h"

namespace fairlead::app {

// Hears of every change of the state of servers, pools and zones.
class HealthListener {
 public:
  virtual ~HealthListener() = default;
  virtual void on_server_event(const pool::ServerEvent& event) = 0;
  virtual void on_pool_event(const pool::PoolEvent& event) = 0;
  virtual void on_zone_event(const pool::ZoneEvent& event) = 0;
};

class HealthMonitor final : public pool::SuspectListener, private runtime::Timer {
 public:
  // All of them outlive it. `loop` is the control thread's.
  HealthMonitor(runtime::EventLoop& loop, net::Resolver& resolver, Random& random, HealthListener& listener);
  ~HealthMonitor() override;

  // Watches the servers of these pools from now on: new ones are checked at once, those that stay keep what is known of
  // them, and the others are forgotten.
  void watch(const std::vector<std::shared_ptr<const pool::Pool>>& pools, pool::Origin origin,
             std::uint64_t generation);
  // True while some server still awaits its first lookup or check.
  bool is_checking() const;
  // What is known of every pool and server just now.
  std::vector<PoolReport> report() const;
  // The operator's wish for a server, as `pool/server`; false where there is none of that name.
  bool set_admin(std::string_view subject, pool::AdminState admin, std::string why);
  // Ends all checks and calls `done` once nothing is left.
  void stop(std::move_only_function<void()> done);

  // On any worker's thread.
  void on_suspect(pool::Server& server) override;

 private:
  // How often ejections, warm-ups and traffic windows are looked at.
  static constexpr Duration kHousekeeping = std::chrono::milliseconds(250);
  static constexpr Duration kResolveEvery = std::chrono::seconds(30);
  static constexpr Duration kResolveAgain = std::chrono::seconds(5);
  // Of new servers so many are checked at once, and the next ones a while later, so that thousands of them do not take
  // all descriptors together.
  static constexpr std::size_t kFirstChecksAtOnce = 100;
  static constexpr Duration kFirstChecksApart = std::chrono::milliseconds(10);

  using Watched = std::shared_ptr<WatchedServer>;

  // Servers that rest are asked in turns whether they got a request meanwhile, so many each time.
  static constexpr std::size_t kRestsAsked = 2000;

  // Of a server that is well and has nothing to do, nothing changes by itself until then, as long as it gets no
  // request. What is known of a server fills a dozen cache lines, so that to look at it four times a second would cost
  // more than its checks.
  struct Rest {
    const pool::Server* server;
    std::uint64_t requests = 0;
    Deadline until{};  // in the past: it does not rest

    bool lasts(TimePoint now) const { return now < until; }
  };

  void on_timer() override;
  void end_rests();
  runtime::Task<void> check_for_ever(Watched watched, TimePoint due);
  runtime::Task<void> finish(std::move_only_function<void()> done);
  void answered(WatchedServer& watched, WatchedServer::Answer answer);
  void resolve(const Watched& watched);
  void resolved(WatchedServer& watched, const net::Lookup& lookup);
  void assess(WatchedServer& watched);
  // Compares the servers of one pool, and its zones, by how long they take to answer. Theirs are from `first` on.
  void compare_paces(const pool::Pool& pool, std::size_t first);
  static Deadline rest_of(const WatchedServer& watched, const pool::RecentAnswers& recent);
  // Hands a change to the listener.
  void tell(WatchedServer& watched, const std::optional<pool::Transition>& transition, bool was_undecided);
  // Gives the server's machine an input, by a call such as `machine.advance(now)`, and tells what changed.
  template <typename Input>
  void feed(WatchedServer& watched, Input input);
  void tell_pool(const pool::Pool& pool, std::string_view reason);
  Watched find(const pool::Server* server) const;

  runtime::EventLoop& loop_;
  net::Resolver& resolver_;
  Random& random_;
  HealthListener& listener_;
  pool::CheckTools tools_;
  runtime::TaskGroup checks_;
  runtime::TaskGroup stopping_;
  std::uint64_t generation_ = 0;
  std::vector<std::shared_ptr<const pool::Pool>> pools_;
  // In the order of the configuration: nothing may depend on where servers lie in memory.
  std::vector<Watched> in_order_;
  std::vector<Rest> rests_;                  // of the same
  std::size_t next_rest_ = 0;                // where the turns of asking go on
  std::vector<pool::RecentAnswers> recent_;  // of the servers that are compared, to be used again
  boost::unordered_flat_map<const pool::Server*, Watched> watched_;
  boost::unordered_flat_map<std::string, PoolTally> tallies_;
  boost::unordered_flat_map<std::string, pool::ZoneWatch> zones_;
  // Answers of the resolver that come after our end find this gone.
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace fairlead::app
