// What every balancing algorithm owes: runs each entry of the catalog.

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "pool/balancers/catalog.h"
#include "pool/test_servers.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts allocations of the whole test binary; the address sanitizer still sees malloc and free. The thread sanitizer
// has operators of its own, and its builds run the threads tests only.
#if !__has_feature(thread_sanitizer)
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class BalancerContract : public testing::TestWithParam<const BalancerType*> {
 protected:
  // With all servers eligible.
  std::unique_ptr<Balancer> make(const TestServers& servers) {
    pools_.push_back(servers.pool(GetParam()->algorithm));
    std::unique_ptr<Balancer> balancer = GetParam()->make(*pools_.back(), random_);
    balancer->update(servers.candidates());
    return balancer;
  }

  // Each has a key of its own.
  PickRequest request() { return fresh_request(random_.next()); }
  PickRequest request(const TriedServers& tried) { return {.tried = tried, .key_hash = random_.next()}; }

  // True, and the test is skipped, for an algorithm that does not share requests out by weight.
  bool is_exempt() const { return !GetParam()->shares_by_weight; }

  // How often each server is picked, while `concurrency` requests are in flight and end in random order.
  std::vector<int> shares(Balancer& balancer, const TestServers& servers, int picks, std::size_t concurrency) {
    std::vector<int> counts(servers.size());
    std::vector<Permit> open(concurrency);
    for (int pick = 0; pick < picks; ++pick) {
      Permit& slot = open[random_.below(open.size())];
      slot.release();
      Server* server = balancer.pick(request());
      slot = Permit(*server);
      ++counts[servers.index_of(server)];
    }
    return counts;
  }

  Random random_{20260115};
  std::vector<std::shared_ptr<const Pool>> pools_;
};

// Whether `counts` are such draws with these probabilities: Pearson's chi-squared over all of them, at three standard
// deviations (Wilson and Hilferty, "The distribution of chi-square", 1931). Counts that are more even are welcome.
void expect_shares(const std::vector<int>& counts, const std::vector<double>& probabilities) {
  double total = 0;
  for (const int count : counts) total += count;
  double chi_squared = 0;
  for (std::size_t index = 0; index < counts.size(); ++index) {
    const double expected = total * probabilities[index];
    chi_squared += (counts[index] - expected) * (counts[index] - expected) / expected;
  }
  const double spread = 2 / (9 * static_cast<double>(counts.size() - 1));
  const double deviation =
      (std::cbrt(chi_squared / static_cast<double>(counts.size() - 1)) - (1 - spread)) / std::sqrt(spread);
  EXPECT_LT(deviation, 3) << testing::PrintToString(counts);
}

// Three standard deviations of a count of `picks` draws with this probability.
double three_sigma(int picks, double probability) { return 3 * std::sqrt(picks * probability * (1 - probability)); }

TEST_P(BalancerContract, picks_nothing_where_nothing_is_eligible) {
  const TestServers none(0);
  EXPECT_EQ(make(none)->pick(request()), nullptr);
  const auto never_updated = GetParam()->make(*pools_.back(), random_);
  EXPECT_EQ(never_updated->pick(request()), nullptr);
}

TEST_P(BalancerContract, picks_only_servers_of_the_last_update) {
  for (const std::size_t count : {3, 8, 100}) {
    TestServers servers(count);
    std::vector<Candidate> candidates = servers.candidates();
    const auto balancer = make(servers);
    for (int pick = 0; pick < 100; ++pick) balancer->pick(request());
    candidates.resize(count / 2);
    balancer->update(candidates);
    for (int pick = 0; pick < 500; ++pick) ASSERT_LT(servers.index_of(balancer->pick(request())), count / 2);
    balancer->update({});
    EXPECT_EQ(balancer->pick(request()), nullptr);
  }
}

TEST_P(BalancerContract, never_picks_a_server_that_was_tried_and_always_finds_another) {
  for (const std::size_t count : {1, 2, 5, 40}) {
    TestServers servers(count);
    const auto balancer = make(servers);
    for (int round = 0; round < 200; ++round) {
      TriedServers tried;
      while (tried.count() < std::min(count, TriedServers::kCapacity)) {
        Server* server = balancer->pick(request(tried));
        ASSERT_NE(server, nullptr);
        ASSERT_FALSE(tried.contains(*server));
        tried.add(*server);
      }
      if (count <= TriedServers::kCapacity) ASSERT_EQ(balancer->pick(request(tried)), nullptr);
    }
  }
}

TEST_P(BalancerContract, finds_the_small_server_when_the_big_one_was_tried) {
  TestServers servers(std::vector<std::uint32_t>{10'000, 1});
  const auto balancer = make(servers);
  TriedServers tried;
  tried.add(servers[0]);
  for (int pick = 0; pick < 100; ++pick) ASSERT_EQ(balancer->pick(request(tried)), &servers[1]);
}

TEST_P(BalancerContract, equal_servers_get_equal_shares) {
  if (is_exempt()) GTEST_SKIP();
  constexpr int kPicks = 60'000;
  for (const std::size_t count : {2, 3, 16, 60}) {
    for (const std::size_t concurrency : {1, 7, 200}) {
      TestServers servers(count);
      const auto balancer = make(servers);
      SCOPED_TRACE(concurrency);
      expect_shares(shares(*balancer, servers, kPicks, concurrency),
                    std::vector<double>(count, 1.0 / static_cast<double>(count)));
    }
  }
}

TEST_P(BalancerContract, shares_follow_weights_while_servers_are_idle) {
  if (is_exempt()) GTEST_SKIP();
  constexpr int kPicks = 60'000;
  std::vector<std::uint32_t> weights{1, 10, 100, 50, 39};
  for (const std::size_t copies : {1, 8}) {
    std::vector<std::uint32_t> all;
    for (std::size_t copy = 0; copy < copies; ++copy) all.insert(all.end(), weights.begin(), weights.end());
    TestServers servers(all);
    const auto balancer = make(servers);
    std::vector<double> expected;
    for (const std::uint32_t weight : all) expected.push_back(weight / (200.0 * static_cast<double>(copies)));
    expect_shares(shares(*balancer, servers, kPicks, 1), expected);
  }
}

TEST_P(BalancerContract, shares_follow_weights_under_load) {
  if (is_exempt()) GTEST_SKIP();
  constexpr int kPicks = 60'000;
  const std::vector<std::uint32_t> weights{100, 200, 300};
  TestServers servers(weights);
  const auto balancer = make(servers);
  const std::vector<int> counts = shares(*balancer, servers, kPicks, 300);
  for (std::size_t index = 0; index < weights.size(); ++index)
    EXPECT_NEAR(counts[index], kPicks * (weights[index] / 600.0), kPicks * 0.02) << index;
}

TEST_P(BalancerContract, no_server_starves) {
  if (is_exempt()) GTEST_SKIP();
  TestServers servers(std::vector<std::uint32_t>{10'000, 1});
  const auto balancer = make(servers);
  EXPECT_GT(shares(*balancer, servers, 100'000, 4)[1], 0);
}

TEST_P(BalancerContract, a_warming_server_gets_a_small_share_that_grows) {
  if (is_exempt()) GTEST_SKIP();
  TestServers servers(4);
  servers[0].publish_state(ServerState::warming, kTestStart, 10s);
  const auto balancer = make(servers);
  int before = 0;
  for (const Duration elapsed : {0s, 3s, 6s, 10s}) {
    balancer->update(servers.candidates(kTestStart + elapsed));
    const int hits = shares(*balancer, servers, 20'000, 1)[0];
    const double weight = std::max(static_cast<double>(elapsed / 1s) / 10, Server::kColdShare);
    const double expected = weight / (weight + 3);
    EXPECT_NEAR(hits, 20'000 * expected, three_sigma(20'000, expected)) << elapsed / 1s << " s";
    EXPECT_GT(hits, before);
    before = hits;
  }
}

TEST_P(BalancerContract, shares_hold_when_weights_change_at_every_pick) {
  if (is_exempt()) GTEST_SKIP();
  constexpr int kPicks = 20'000;
  TestServers servers(std::vector<std::uint32_t>{100, 300});
  const auto balancer = make(servers);
  int hits = 0;
  for (int pick = 0; pick < kPicks; ++pick) {
    balancer->update(servers.candidates());
    hits += balancer->pick(request()) == &servers[0] ? 1 : 0;
  }
  EXPECT_NEAR(hits, kPicks * 0.25, three_sigma(kPicks, 0.25));
}

TEST_P(BalancerContract, picking_allocates_nothing) {
  for (const std::size_t count : {4, 1000}) {
    TestServers servers(count);
    const auto balancer = make(servers);
    TriedServers tried;
    tried.add(servers[1]);
    tried.add(servers[2]);
    const std::uint64_t before = allocations;
    for (int pick = 0; pick < 1000; ++pick) {
      balancer->pick(request());
      balancer->pick(request(tried));
    }
    EXPECT_EQ(allocations, before);
  }
}

TEST_P(BalancerContract, the_catalog_finds_it_by_its_algorithm) {
  EXPECT_EQ(&balancer_type(GetParam()->algorithm), GetParam());
  EXPECT_FALSE(GetParam()->help.empty());
}

INSTANTIATE_TEST_SUITE_P(Catalog, BalancerContract,
                         testing::ValuesIn(balancer_catalog().begin(), balancer_catalog().end()),
                         [](const auto& entry) { return std::string(entry.param->name); });

}  // namespace
}  // namespace fairlead::pool
