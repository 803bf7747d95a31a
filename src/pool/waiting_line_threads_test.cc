// Limits and the waiting line under eight workers at once; worth running under ThreadSanitizer.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "pool/pool_view.h"
#include "pool/test_servers.h"
#include "runtime/epoll/epoll_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kLimit = 3;
constexpr int kWorkers = 8;

class NoSuspects : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

void on_workers(const std::function<void(int worker)>& work) {
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker) threads.emplace_back(work, worker);
  for (std::thread& thread : threads) thread.join();
}

TEST(PermitThreads, the_limit_is_never_passed) {
  TestServers servers(1);
  servers[0].publish_max_inflight(kLimit);
  std::atomic<std::uint32_t> inside{0};
  std::atomic<std::uint32_t> most{0};
  on_workers([&](int) {
    for (int round = 0; round < 20'000; ++round) {
      const auto permit = Permit::try_take(servers[0]);
      if (!permit) continue;
      const std::uint32_t now = ++inside;
      if (now > most) most = now;
      --inside;
    }
  });
  EXPECT_LE(most, kLimit);
  EXPECT_EQ(servers[0].in_flight(), 0u);
}

// One worker's requests: each gets a permit, waits where it must, holds it for a while, and may be canceled at any
// point.
class Requests {
 public:
  Requests(const std::shared_ptr<const Pool>& pool, int worker, NoSuspects& suspects)
      : pool_(pool), random_(static_cast<std::uint64_t>(worker)), view_(pool, random_, suspects) {}

  void run(int count) {
    for (int request = 0; request < count; ++request) tasks_.start(serve());
    ending_.start(end());
    loop_.run();
  }

  int served() const { return served_; }
  int canceled() const { return canceled_; }

 private:
  runtime::Task<void> serve() {
    for (std::uint64_t turns = random_.below(50); turns > 0; --turns) co_await runtime::Yield(loop_);
    Result<Permit> permit = view_.admit({}, loop_.now());
    if (!permit) {
      Place place(pool_->waiting_line(), loop_, pool_->generation(), false);
      const TriedServers none;
      runtime::TaskGroup canceling(loop_);
      bool is_over = false;
      if (random_.chance(0.2)) canceling.start(cancel(place, is_over));
      permit = co_await view_.wait_for_permit(place, none, kNever).result();
      is_over = true;
      co_await canceling.join();
    }
    if (!permit) {
      ++canceled_;
      co_return;
    }
    for (std::uint64_t turns = random_.below(5); turns > 0; --turns) co_await runtime::Yield(loop_);
    ++served_;
  }
  runtime::Task<void> cancel(Place& place, const bool& is_over) {
    for (std::uint64_t turns = random_.below(100); turns > 0; --turns) co_await runtime::Yield(loop_);
    if (!is_over) place.give_up();
  }
  runtime::Task<void> end() {
    co_await tasks_.join();
    loop_.stop();
  }

  runtime::EpollLoop loop_;
  std::shared_ptr<const Pool> pool_;
  Random random_;
  PoolView view_;
  int served_ = 0;
  int canceled_ = 0;
  runtime::TaskGroup tasks_{loop_};
  runtime::TaskGroup ending_{loop_};
};

TEST(WaitingLineThreads, everyone_is_served_or_gives_up_and_every_permit_returns) {
  TestServers servers(2);
  PoolOptions options;
  options.limits.max_inflight = kLimit;
  options.queue = {.max = 1'000'000, .timeout = 10min};
  for (std::size_t index = 0; index < servers.size(); ++index) servers[index].publish_max_inflight(kLimit);
  const auto pool = std::make_shared<const Pool>("web", options, servers.members(), servers.vitals());
  constexpr int kRequests = 1000;
  NoSuspects suspects;
  std::atomic<int> served{0};
  std::atomic<int> canceled{0};
  std::atomic<bool> is_done{false};
  std::atomic<std::uint32_t> most{0};
  std::thread witness([&] {
    while (!is_done) {
      most = std::max(most.load(), servers[0].in_flight());
      std::this_thread::yield();
    }
  });
  on_workers([&](int worker) {
    Requests requests(pool, worker, suspects);
    requests.run(kRequests);
    served += requests.served();
    canceled += requests.canceled();
  });
  is_done = true;
  witness.join();
  EXPECT_EQ(served + canceled, kRequests * kWorkers);
  EXPECT_GT(canceled, 0);
  EXPECT_LE(most, kLimit);
  EXPECT_TRUE(pool->waiting_line().is_empty());
  EXPECT_EQ(servers[0].in_flight() + servers[1].in_flight(), 0u);
}

}  // namespace
}  // namespace fairlead::pool
