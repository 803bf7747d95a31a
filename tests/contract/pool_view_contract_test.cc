// What a pool's view owes under every algorithm, whatever happens to its servers meanwhile.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "pool/balancers/catalog.h"
#include "pool/pool_view.h"
#include "pool/test_servers.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class NoSuspects final : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

class PoolViewContract : public testing::TestWithParam<const BalancerType*> {
 protected:
  std::shared_ptr<const Pool> make_pool(PoolOptions options, const TestServers& servers, std::size_t backups = 0) {
    options.algorithm = GetParam()->algorithm;
    std::vector<Member> members = servers.members();
    for (std::size_t index = members.size() - backups; index < members.size(); ++index) members[index].backup = true;
    return std::make_shared<const Pool>("web", std::move(options), std::move(members), servers.vitals());
  }

  NoSuspects suspects_;
};

// How good a server is just now, from 0 for one that is up to 3 for one that gets nothing.
int rank(const Member& member) {
  const ServerState state = member.server->state();
  if (member.server->weight() == 0) return 3;
  if (is_serving(state)) return member.backup ? 1 : 0;
  return is_last_resort(state) ? 2 : 3;
}

void change_something(const TestServers& servers, Random& random, TimePoint now) {
  Server& server = servers[random.below(servers.size())];
  const ServerState state = kServerStates[random.below(kServerStates.size())];
  if (random.chance(0.2))
    server.publish_weight(static_cast<std::uint32_t>(random.below(3) * 100));
  else
    server.publish_state(state, now, 10s);
}

TEST_P(PoolViewContract, never_picks_a_server_while_a_better_kind_is_there_or_that_was_tried) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::size_t count = 1 + random.below(seed % 2 == 0 ? 6 : 40);
    const TestServers servers(count);
    const auto pool = make_pool({}, servers, random.below(count));
    PoolView view(pool, random, suspects_);
    std::vector<Permit> open(8);
    TimePoint now = kTestStart;
    for (int step = 0; step < 3000; ++step, now += 10ms) {
      if (random.chance(0.2)) change_something(servers, random, now);
      int best = 3;
      for (const Member& member : pool->members()) best = std::min(best, rank(member));
      const Result<Server*> picked = view.pick({}, now, random.next());
      ASSERT_EQ(picked.has_value(), best < 3);
      if (!picked) continue;
      const auto rank_of = [&](const Server* server) { return rank(pool->members()[servers.index_of(server)]); };
      ASSERT_EQ(rank_of(*picked), best);
      open[random.below(open.size())] = Permit(**picked);
      TriedServers tried;
      tried.add(**picked);
      const Result<Server*> second = view.pick(tried, now, random.next());
      if (second) ASSERT_TRUE(*second != *picked && rank_of(*second) < 3);
    }
  }
}

TEST_P(PoolViewContract, every_server_that_is_up_gets_requests_again_whatever_happened_before) {
  if (!GetParam()->shares_by_weight) GTEST_SKIP();
  Random random(1);
  const TestServers servers(6);
  PoolView view(make_pool({}, servers), random, suspects_);
  TimePoint now = kTestStart;
  for (int round = 0; round < 20; ++round) {
    for (int step = 0; step < 200; ++step, now += 10ms) {
      change_something(servers, random, now);
      if (const Result<Server*> picked = view.pick({}, now, random.next()))
        view.report(**picked, random.chance(0.5) ? 503 : 200, 1ms * random.below(2000), now);
    }
    std::map<const Server*, int> hits;
    for (std::size_t index = 0; index < servers.size(); ++index) {
      servers[index].publish_weight(100);
      servers[index].publish_state(ServerState::up, {}, {});
    }
    now += 1min;  // Whatever was measured has faded.
    for (int request = 0; request < 600; ++request, now += 10ms) {
      Server* server = *view.pick({}, now, random.next());
      view.report(*server, 200, 10ms, now);
      ++hits[server];
    }
    ASSERT_EQ(hits.size(), servers.size());
  }
}

// Requests that come, wait, are served, fail over and are given up at random, in virtual time.
class Crowd {
 public:
  Crowd(runtime::SimulatedLoop& loop, std::shared_ptr<const Pool> pool, SuspectListener& suspects, std::uint64_t seed)
      : loop_(loop), pool_(std::move(pool)), random_(seed), view_(pool_, random_, suspects) {}

  void start(int requests) {
    running_ += requests;
    for (int request = 0; request < requests; ++request) tasks_.start(serve());
  }
  // Lets a millisecond pass.
  void step() {
    loop_.run_until(loop_.now() + 1ms);
    for (const auto& [place, leaves_at] : waiting_)
      if (leaves_at <= loop_.now()) place->give_up();
  }
  bool is_over() const { return running_ == 0; }
  int served() const { return served_; }
  int failed(ErrorCode code) { return failed_[code]; }

 private:
  runtime::Task<void> serve() {
    co_await live();
    --running_;
  }
  runtime::Task<void> live() {
    co_await runtime::pause_until(loop_, loop_.now() + 1us * random_.below(500'000));
    TriedServers tried;
    do {
      Result<Permit> permit = view_.admit(tried, loop_.now(), random_.next());
      if (!permit && permit.error().code == ErrorCode::queue_full) permit = co_await wait(tried).result();
      if (!permit) {
        ++failed_[permit.error().code];
        co_return;
      }
      tried.add(*permit->server());
      co_await runtime::pause_until(loop_, loop_.now() + 1us * random_.below(20'000));
    } while (random_.chance(0.3));
    ++served_;
  }
  runtime::Task<Permit> wait(const TriedServers& tried) {
    Place place(pool_->waiting_line(), loop_, pool_->generation(), !tried.empty());
    const Duration patience = random_.chance(0.3) ? 1us * random_.below(100'000) : Duration(1h);
    waiting_[&place] = loop_.now() + patience;
    Result<Permit> permit = co_await view_.wait_for_permit(place, tried, kNever, random_.next()).result();
    waiting_.erase(&place);
    co_return permit;
  }

  runtime::SimulatedLoop& loop_;
  std::shared_ptr<const Pool> pool_;
  Random random_;
  PoolView view_;
  std::map<Place*, TimePoint> waiting_;  // with when each loses its patience
  std::map<ErrorCode, int> failed_;
  int running_ = 0;
  int served_ = 0;
  runtime::TaskGroup tasks_{loop_};
};

TEST_P(PoolViewContract, every_permit_returns_and_no_limit_is_passed_while_requests_are_canceled_at_random) {
  constexpr int kRequests = 400;
  constexpr std::uint32_t kLimit = 3;
  std::map<ErrorCode, int> failed;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    runtime::SimulatedLoop loop(seed);
    Random random(seed);
    const TestServers servers(4);
    for (std::size_t index = 0; index < servers.size(); ++index) servers[index].publish_max_inflight(kLimit);
    const auto pool =
        make_pool({.queue = {.max = 60, .timeout = 50ms}, .limits = {.max_inflight = kLimit}}, servers, seed % 2);
    Crowd crowd(loop, pool, suspects_, seed);
    crowd.start(kRequests);
    while (!crowd.is_over()) {
      crowd.step();
      for (std::size_t index = 0; index < servers.size(); ++index) ASSERT_LE(servers[index].in_flight(), kLimit);
      if (random.chance(0.05)) change_something(servers, random, loop.now());
    }
    crowd.step();  // The last task ends.
    int ended = crowd.served();
    for (const ErrorCode code :
         {ErrorCode::queue_full, ErrorCode::queue_timeout, ErrorCode::no_server, ErrorCode::canceled}) {
      ended += crowd.failed(code);
      failed[code] += crowd.failed(code);
    }
    EXPECT_EQ(ended, kRequests);
    EXPECT_TRUE(pool->waiting_line().is_empty());
    for (std::size_t index = 0; index < servers.size(); ++index) EXPECT_EQ(servers[index].in_flight(), 0u);
  }
  for (const auto& [code, count] : failed) EXPECT_GT(count, 0) << word(code) << " was not tried out";
}

INSTANTIATE_TEST_SUITE_P(Catalog, PoolViewContract,
                         testing::ValuesIn(balancer_catalog().begin(), balancer_catalog().end()),
                         [](const auto& entry) { return std::string(entry.param->name); });

}  // namespace
}  // namespace fairlead::pool
