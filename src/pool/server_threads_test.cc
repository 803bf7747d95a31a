// What workers and the control thread share, bumped from all sides; worth running under ThreadSanitizer.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "pool/health_machine.h"
#include "pool/outlier_detector.h"
#include "pool/pool_view.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

constexpr int kWorkers = 8;

void on_workers(const std::function<void(int worker)>& work) {
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker) threads.emplace_back(work, worker);
  for (std::thread& thread : threads) thread.join();
}

class CountedSuspects : public SuspectListener {
 public:
  void on_suspect(Server&) override { ++told; }
  std::atomic<int> told{0};
};

TEST(ServerThreads, all_requests_in_flight_return_while_states_and_weights_change) {
  TestServers servers(5);
  PoolOptions options;
  options.algorithm = Algorithm::least_requests;
  const auto pool = std::make_shared<Pool>("web", options, servers.members(), servers.vitals());
  CountedSuspects suspects;
  std::atomic<bool> is_done{false};
  std::thread control([&] {
    HealthMachine machine(servers[0], HealthMachine::options_of(options), Origin::added, kTestStart);
    OutlierDetector detector(servers[0], options.passive, kTestStart);
    for (TimePoint now = kTestStart; !is_done; now += 1s) {
      machine.checked({.verdict = CheckVerdict::passed, .reason = "ok", .summary = "TCP check"}, now);
      servers[1].publish_weight(static_cast<std::uint32_t>(now.time_since_epoch() / 1s % 100));
      if (const auto finding = detector.assess(now)) machine.eject(*finding, now);
      machine.advance(now);
      std::this_thread::yield();
    }
  });
  on_workers([&](int worker) {
    Random random(static_cast<std::uint64_t>(worker));
    PoolView view(pool, random, suspects);
    std::vector<Permit> open(16);
    for (int request = 0; request < 5000; ++request) {
      TriedServers tried;
      Server* first = *view.pick(tried, kTestStart + request * 1ms);
      tried.add(*first);
      Server* second = *view.pick(tried, kTestStart + request * 1ms);
      EXPECT_NE(first, second);
      open[random.below(open.size())] = Permit(*second);
      view.report(*second, request % 3 == 0 ? 502 : 200, std::chrono::milliseconds(1), kTestStart);
    }
  });
  is_done = true;
  control.join();
  std::uint64_t requests = 0;
  for (std::size_t index = 0; index < servers.size(); ++index) {
    EXPECT_EQ(servers[index].in_flight(), 0u);
    requests += servers[index].requests();
    EXPECT_EQ(servers[index].requests(), servers[index].successes() + servers[index].failures());
  }
  EXPECT_EQ(requests, 5000u * kWorkers);
}

TEST(ServerThreads, of_many_failures_at_once_one_is_told) {
  TestServers servers(2);
  OutlierDetector detector(servers[0], PassiveOptions{}, kTestStart);
  std::atomic<int> told{0};
  on_workers([&](int) {
    for (int failure = 0; failure < 1000; ++failure) told += servers[0].record_failure() ? 1 : 0;
  });
  EXPECT_EQ(told, 1);
  EXPECT_EQ(detector.assess(kTestStart)->failures, 1000u * kWorkers);
}

TEST(ServerThreads, the_retry_budget_is_not_overdrawn) {
  RetryBudget budget;
  std::atomic<int> spent{0};
  for (int request = 0; request < 1000; ++request) budget.record_request(kTestStart);
  on_workers([&](int) {
    for (int retry = 0; retry < 1000; ++retry) spent += budget.try_spend(Share{0.2}, kTestStart) ? 1 : 0;
  });
  EXPECT_LE(spent, 210);
  EXPECT_GE(spent, 200);
}

TEST(ServerThreads, a_learned_limit_moves_under_them_and_a_configured_one_stays) {
  TestServers servers(1);
  Server& server = servers[0];
  server.learn_max_inflight();
  std::atomic<int> started{0};
  const auto work = [&](int) {
    ++started;
    for (int request = 0; request < 20'000; ++request) {
      const auto permit = Permit::try_take(server);
      if (permit) server.record_answer_time(10ms, kTestStart + request * 1ms);
      server.idle_limit().record_close(1s, kTestStart + request * 1ms);
      if (request % 100 == 0) server.record_overload();
    }
  };
  std::thread control([&] {
    while (started < kWorkers) std::this_thread::yield();
    server.publish_max_inflight(7);
  });
  on_workers(work);
  control.join();
  EXPECT_EQ(server.max_inflight(), 7U);
  EXPECT_FALSE(server.learns_max_inflight());
  EXPECT_EQ(server.in_flight(), 0U);
}

}  // namespace
}  // namespace fairlead::pool
