// What others have published of balancing algorithms, reproduced with ours in virtual time.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/random.h"
#include "simulate/load_run.h"

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;
using pool::Algorithm;

// A server's answer to a request that begins `since_start`.
using Serve = std::function<Reply(std::size_t server, Duration since_start, Random& random)>;

class Scripted final : public Backend {
 public:
  Scripted(Serve serve, std::uint64_t seed) : serve_(std::move(serve)), random_(seed) {}
  Reply serve(const Work& work) override { return serve_(work.server, work.since_start, random_); }

 private:
  Serve serve_;
  Random random_;
};

struct Script {
  Algorithm algorithm;
  std::size_t servers;
  double per_second;
  Duration length = 1min;
  Duration patience = 1min;  // of clients
  std::uint64_t seed = 1;
  // Algorithms are compared alone: no server gets less for being slow, but by them.
  std::optional<std::uint32_t> slow_factor = {};
};

LoadOutcome play(const Script& script, Serve serve) {
  LoadModel model{.measured = {.until = script.length}, .seed = script.seed};
  model.options.algorithm = script.algorithm;
  model.options.passive.slow_factor = script.slow_factor;
  model.options.servers.resize(script.servers);
  for (std::size_t server = 0; server < script.servers; ++server)
    model.options.servers[server].name = "s" + std::to_string(server);
  model.timeouts.first_byte = script.patience;
  model.traffic.per_second = script.per_second;
  Scripted backend(std::move(serve), script.seed);
  return run(model, backend);
}

// "Beyond Round Robin: Load Balancing for Latency" (Linkerd, 2016): eleven servers, 1,000 requests a second with a
// median of 167 ms; for half of the time one server takes 2 s, and clients wait for 1 s.
LoadOutcome one_slow_server_of_eleven(Algorithm algorithm, std::uint64_t seed,
                                      std::optional<std::uint32_t> slow_factor = {}) {
  return play({.algorithm = algorithm,
               .servers = 11,
               .per_second = 1000,
               .length = 2min,
               .patience = 1s,
               .seed = seed,
               .slow_factor = slow_factor},
              [](std::size_t server, Duration since_start, Random& random) {
                const bool is_slow = server == 0 && since_start >= 30s && since_start < 90s;
                return Reply{.after = is_slow ? Duration(2s) : 150ms + std::chrono::microseconds(random.below(34'000))};
              });
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

TEST(PublishedResults, round_robin_too_gives_a_slow_server_less_once_paces_are_compared) {
  EXPECT_GT(one_slow_server_of_eleven(Algorithm::round_robin, 1, 5).success_rate(), 0.99);
}

TEST(PublishedResults, the_slowest_of_a_thousand_requests_are_fast_under_peak_ewma_only) {
  EXPECT_EQ(one_slow_server_of_eleven(Algorithm::round_robin, 1).percentile(0.99), 1s);
  EXPECT_EQ(one_slow_server_of_eleven(Algorithm::p2c, 1).percentile(0.999), 1s);
  EXPECT_LT(one_slow_server_of_eleven(Algorithm::ewma, 1).percentile(0.999), 200ms);
}

// A server that fails at once never has requests in flight, and draws all of them where only these are counted.
TEST(PublishedResults, a_server_that_fails_at_once_is_left_alone_by_ewma_and_swamped_by_least_requests) {
  const auto share_of_failing = [](Algorithm algorithm) {
    const LoadOutcome outcome =
        play({.algorithm = algorithm, .servers = 4, .per_second = 400}, [](std::size_t server, Duration, Random&) {
          return server == 0 ? Reply{.after = 1ms, .status = 500} : Reply{.after = 100ms};
        });
    return static_cast<double>(outcome.per_server[0]) / static_cast<double>(outcome.requests);
  };
  EXPECT_NEAR(share_of_failing(Algorithm::round_robin), 0.25, 0.01);
  EXPECT_GT(share_of_failing(Algorithm::least_requests), 0.5);
  EXPECT_LT(share_of_failing(Algorithm::ewma), 0.005);
}

TEST(PublishedResults, a_server_that_was_slow_gets_its_share_back) {
  const LoadOutcome outcome =
      play({.algorithm = Algorithm::ewma, .servers = 4, .per_second = 400, .length = 3min, .patience = 10s},
           [](std::size_t server, Duration since_start, Random&) {
             return Reply{.after = server == 0 && since_start < 30s ? Duration(2s) : 100ms};
           });
  // Two and a half of three minutes would be 0.21; some time passes until it is believed.
  EXPECT_GT(static_cast<double>(outcome.per_server[0]) / static_cast<double>(outcome.requests), 0.15);
}

TEST(PublishedResults, equal_servers_with_uneven_answers_get_equal_shares_under_peak_ewma) {
  const LoadOutcome outcome = play(
      {.algorithm = Algorithm::ewma, .servers = 5, .per_second = 500, .length = 10min},
      [](std::size_t, Duration, Random& random) { return Reply{.after = random.chance(0.001) ? Duration(3s) : 20ms}; });
  for (const std::uint64_t requests : outcome.per_server)
    EXPECT_NEAR(static_cast<double>(requests) / static_cast<double>(outcome.requests), 0.2, 0.05);
}

}  // namespace
}  // namespace fairlead::simulate
