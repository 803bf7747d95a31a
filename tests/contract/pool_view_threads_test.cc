// Limits under every algorithm, with eight workers at once; worth running under ThreadSanitizer.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "pool/balancers/catalog.h"
#include "pool/pool_view.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

constexpr int kWorkers = 8;
constexpr int kRequests = 3000;
constexpr std::size_t kServers = 5;
constexpr std::uint32_t kLimit = 4;

class NoSuspects final : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

class PoolViewThreads : public testing::TestWithParam<const BalancerType*> {
 protected:
  PoolViewThreads() {
    for (std::size_t index = 0; index < kServers; ++index) servers_[index].publish_max_inflight(kLimit);
  }

  // What the control thread does all the while.
  void change_states_and_weights() {
    Random random(1);
    for (TimePoint now = kTestStart; !is_done_; now += 100ms) {
      Server& server = servers_[random.below(kServers)];
      server.publish_state(random.chance(0.5) ? ServerState::warming : ServerState::up, now, 1s);
      server.publish_weight(static_cast<std::uint32_t>(1 + random.below(100)));
      std::this_thread::yield();
    }
  }

  void serve_requests(std::uint64_t seed) {
    NoSuspects suspects;
    Random random(seed);
    PoolView view(pool_, random, suspects);
    std::array<Permit, 3> held;
    for (int request = 0; request < kRequests; ++request) {
      const TimePoint now = kTestStart + request * 1ms;
      Permit& slot = held[random.below(held.size())];
      leave(slot);
      Result<Permit> permit = view.admit({}, now, random.next());
      if (!permit) {
        ++refused_;
        continue;
      }
      slot = std::move(*permit);
      if (++inside(slot) > kLimit) was_passed_ = true;
      view.report(*slot.server(), random.chance(0.1) ? 500 : 200, 1us * random.below(10'000), now);
      ++served_;
    }
    for (Permit& permit : held) leave(permit);
  }

  TestServers servers_{kServers};
  std::shared_ptr<const Pool> pool_ = std::make_shared<const Pool>(
      "web", PoolOptions{.algorithm = GetParam()->algorithm, .limits = {.max_inflight = kLimit}}, servers_.members(),
      servers_.vitals());
  std::atomic<bool> was_passed_{false};
  std::atomic<bool> is_done_{false};
  std::atomic<int> served_{0};
  std::atomic<int> refused_{0};

 private:
  std::atomic<std::uint32_t>& inside(const Permit& permit) { return inside_[servers_.index_of(permit.server())]; }
  void leave(Permit& permit) {
    if (permit.server() != nullptr) --inside(permit);
    permit.release();
  }

  // Counted beside the permits, so that a mistake in theirs shows.
  std::array<std::atomic<std::uint32_t>, kServers> inside_{};
};

TEST_P(PoolViewThreads, limits_hold_exactly_while_states_weights_and_latencies_change) {
  std::thread control([&] { change_states_and_weights(); });
  std::vector<std::thread> workers;
  for (std::uint64_t worker = 0; worker < kWorkers; ++worker)
    workers.emplace_back([this, worker] { serve_requests(worker); });
  for (std::thread& worker : workers) worker.join();
  is_done_ = true;
  control.join();
  EXPECT_FALSE(was_passed_);
  EXPECT_EQ(served_ + refused_, kWorkers * kRequests);
  EXPECT_GT(served_, 0);
  for (std::size_t index = 0; index < kServers; ++index) EXPECT_EQ(servers_[index].in_flight(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Catalog, PoolViewThreads,
                         testing::ValuesIn(balancer_catalog().begin(), balancer_catalog().end()),
                         [](const auto& entry) { return std::string(entry.param->name); });

}  // namespace
}  // namespace fairlead::pool
