// What others have published of balancing algorithms, reproduced with ours in virtual time.

#include <gtest/gtest.h>

#include "sim/load_model.h"

namespace fairlead::sim {
namespace {

using namespace std::chrono_literals;
using pool::Algorithm;

// "Beyond Round Robin: Load Balancing for Latency" (Linkerd, 2016): eleven servers, 1,000 requests a second with a
// median of 167 ms; for half of the time one server takes 2 s, and clients wait for 1 s.
LoadOutcome one_slow_server_of_eleven(Algorithm algorithm, std::uint64_t seed) {
  LoadModel model{.servers = 11, .per_second = 1000, .length = 2min, .patience = 1s, .seed = seed};
  model.options.algorithm = algorithm;
  model.serve = [](std::size_t server, Duration since_start, std::uint32_t, Random& random) {
    const bool is_slow = server == 0 && since_start >= 30s && since_start < 90s;
    return Reply{.after = is_slow ? Duration(2s) : 150ms + std::chrono::microseconds(random.below(34'000))};
  };
  return run(model);
}

TEST(PublishedResults, one_slow_server_costs_round_robin_five_percent_and_peak_ewma_a_thousandth) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto success = [&](Algorithm algorithm) { return one_slow_server_of_eleven(algorithm, seed).success_rate(); };
    EXPECT_NEAR(success(Algorithm::round_robin), 0.9545, 0.002);
    EXPECT_NEAR(success(Algorithm::random), 0.9545, 0.004);
    EXPECT_GT(success(Algorithm::p2c), 0.99);
    EXPECT_LT(success(Algorithm::p2c), 0.998);
    EXPECT_GT(success(Algorithm::least_requests), 0.99);
    EXPECT_GT(success(Algorithm::ewma), 0.999);
  }
}

TEST(PublishedResults, the_slowest_of_a_thousand_requests_are_fast_under_peak_ewma_only) {
  EXPECT_EQ(one_slow_server_of_eleven(Algorithm::round_robin, 1).percentile(0.99), 1s);
  EXPECT_EQ(one_slow_server_of_eleven(Algorithm::p2c, 1).percentile(0.999), 1s);
  EXPECT_LT(one_slow_server_of_eleven(Algorithm::ewma, 1).percentile(0.999), 200ms);
}

// A server that fails at once never has requests in flight, and draws all of them where only these are counted.
TEST(PublishedResults, a_server_that_fails_at_once_is_left_alone_by_ewma_and_swamped_by_least_requests) {
  const auto share_of_failing = [](Algorithm algorithm) {
    LoadModel model{.servers = 4, .per_second = 400, .length = 1min};
    model.options.algorithm = algorithm;
    model.serve = [](std::size_t server, Duration, std::uint32_t, Random&) {
      return server == 0 ? Reply{.after = 1ms, .status = 500} : Reply{.after = 100ms};
    };
    const LoadOutcome outcome = run(model);
    return static_cast<double>(outcome.per_server[0]) / static_cast<double>(outcome.requests);
  };
  EXPECT_NEAR(share_of_failing(Algorithm::round_robin), 0.25, 0.01);
  EXPECT_GT(share_of_failing(Algorithm::least_requests), 0.5);
  EXPECT_LT(share_of_failing(Algorithm::ewma), 0.005);
}

TEST(PublishedResults, a_server_that_was_slow_gets_its_share_back) {
  const LoadModel model{.options = {.algorithm = Algorithm::ewma},
                        .servers = 4,
                        .per_second = 400,
                        .length = 3min,
                        .patience = 10s,
                        .serve = [](std::size_t server, Duration since_start, std::uint32_t, Random&) {
                          return Reply{.after = server == 0 && since_start < 30s ? Duration(2s) : 100ms};
                        }};
  const LoadOutcome outcome = run(model);
  // Two and a half of three minutes would be 0.21; some time passes until it is believed.
  EXPECT_GT(static_cast<double>(outcome.per_server[0]) / static_cast<double>(outcome.requests), 0.15);
}

TEST(PublishedResults, equal_servers_with_uneven_answers_get_equal_shares_under_peak_ewma) {
  const LoadModel model{.options = {.algorithm = Algorithm::ewma},
                        .servers = 5,
                        .per_second = 500,
                        .length = 10min,
                        .patience = 1min,
                        .serve = [](std::size_t, Duration, std::uint32_t, Random& random) {
                          return Reply{.after = random.chance(0.001) ? Duration(3s) : 20ms};
                        }};
  const LoadOutcome outcome = run(model);
  for (const std::uint64_t requests : outcome.per_server)
    EXPECT_NEAR(static_cast<double>(requests) / static_cast<double>(outcome.requests), 0.2, 0.05);
}

}  // namespace
}  // namespace fairlead::sim
