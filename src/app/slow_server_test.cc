// A server that turns slow, under a whole monitor in virtual time: how soon it sheds its share, and gets it back.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "app/health_monitor.h"
#include "app/snapshot_builder.h"
#include "pool/balancers/catalog.h"
#include "pool/permit.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;
using pool::ServerState;

class ServerEvents final : public HealthListener {
 public:
  void on_server_event(const pool::ServerEvent& event) override { events.push_back(event); }
  void on_pool_event(const pool::PoolEvent&) override {}
  void on_zone_event(const pool::ZoneEvent& event) override { zones.push_back(event); }

  std::vector<pool::ServerEvent> events;
  std::vector<pool::ZoneEvent> zones;
};

class NoResolver final : public net::Resolver {
 public:
  void resolve(const net::Endpoint&, std::move_only_function<void(net::Lookup)>) override {}
};

// A pool of servers that accept connections, requests that arrive at random, and how long each server takes.
class SlowPoolTest : public testing::Test {
 protected:
  static constexpr Duration kStep = 1ms;

  ~SlowPoolTest() override {
    running_.clear();
    monitor_.stop([] {});
    loop_.run_until(loop_.now() + 10s);
    for (const int listener : listeners_) loop_.close(listener, false);
  }

  // Servers `s0`, `s1`, … that are up and have served for a while.
  void start(std::size_t servers) {
    for (std::size_t index = 0; index < servers; ++index) {
      const auto port = static_cast<std::uint16_t>(1 + index);
      pool_.servers.push_back({.name = fmt::format("s{}", index),
                               .address = {.host = "10.0.0.1", .port = port},
                               .zone = index < zones_.size() ? zones_[index] : ""});
      const net::SocketAddress address = *net::numeric_address("10.0.0.1", port);
      listeners_.push_back(loop_.listen(address.get(), address.size));
    }
    sent_.resize(servers);
    load();
    serve(3s);
    events_.events.clear();
  }
  // Makes `pool_` the configuration.
  void load() {
    snapshot_ = builder_.build(options_, ++generation_);
    monitor_.watch(snapshot_->pools, pool::Origin::process_start, generation_);
    view_ = std::make_unique<pool::PoolView>(snapshot_->pools.front(), random_, monitor_);
  }

  // Requests arrive and are answered for so long; `sent_` counts those of each server.
  void serve(Duration length) {
    std::ranges::fill(sent_, 0);
    for (const TimePoint end = loop_.now() + length; loop_.now() < end;) {
      for (double due = per_second_ * std::chrono::duration<double>(kStep).count(); random_.unit() < due; due -= 1)
        begin();
      loop_.run_until(loop_.now() + kStep);
      while (!running_.empty() && running_.begin()->first <= loop_.now()) {
        const Running& request = running_.begin()->second;
        view_->report(*request.permit.server(), 200, loop_.now() - request.began, loop_.now());
        running_.erase(running_.begin());
      }
    }
  }
  double share(std::size_t server) const {
    double all = 0;
    for (const std::uint64_t sent : sent_) all += static_cast<double>(sent);
    return static_cast<double>(sent_[server]) / all;
  }
  ServerState state(std::size_t server) const { return snapshot_->pools.front()->members()[server].server->state(); }

  Options options_;
  pool::PoolOptions& pool_ = options_.pools["web"];
  double per_second_ = 400;
  std::function<Duration(std::size_t server)> takes_ = [](std::size_t) { return 20ms; };
  std::vector<std::string> zones_;  // of the servers
  std::vector<std::uint64_t> sent_;
  ServerEvents events_;
  runtime::SimulatedLoop loop_{1};
  Random random_{20261124};

 private:
  struct Running {
    pool::Permit permit;
    TimePoint began;
  };

  void begin() {
    pool::Permit permit = *view_->admit({}, loop_.now(), random_.next());
    const auto members = snapshot_->pools.front()->members();
    const auto found =
        std::ranges::find(members, permit.server(), [](const auto& member) { return member.server.get(); });
    const auto index = static_cast<std::size_t>(found - members.begin());
    ++sent_[index];
    running_.emplace(loop_.now() + takes_(index), Running{std::move(permit), loop_.now()});
  }

  std::uint64_t generation_ = 0;
  NoResolver names_;
  SnapshotBuilder builder_;
  std::vector<int> listeners_;
  HealthMonitor monitor_{loop_, names_, random_, events_};
  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::unique_ptr<pool::PoolView> view_;
  std::multimap<TimePoint, Running> running_;
};

// Under every algorithm that shares requests out.
class SlowServerTest : public SlowPoolTest, public testing::WithParamInterface<const pool::BalancerType*> {
 protected:
  void SetUp() override {
    pool_.algorithm = GetParam()->algorithm;
    if (!GetParam()->shares_by_weight || pool::hashing_of(pool_)) GTEST_SKIP();
  }
};

TEST_P(SlowServerTest, sheds_its_share_within_a_second_and_gets_it_back_once_it_is_fast) {
  start(4);
  takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
  serve(1s);
  serve(10s);
  EXPECT_LT(share(0), 0.03);
  takes_ = [](std::size_t) { return 20ms; };
  serve(1min);  // To be believed, and to warm up; what ewma knows of it fades, too.
  serve(10s);
  EXPECT_NEAR(share(0), 0.25, 0.02);
  EXPECT_EQ(state(0), ServerState::up);
}

TEST_P(SlowServerTest, one_that_answers_nothing_any_more_sheds_its_share_as_soon) {
  start(4);
  takes_ = [](std::size_t server) { return server == 0 ? 30s : Duration(20ms); };
  serve(1250ms);
  serve(5s);
  EXPECT_LT(share(0), 0.02);
}

TEST_P(SlowServerTest, pages_that_are_slow_on_every_server_make_none_of_them_slow) {
  takes_ = [&](std::size_t) { return random_.chance(0.3) ? 500ms : Duration(10ms); };
  start(4);
  serve(60s);
  EXPECT_TRUE(events_.events.empty()) << human_line(events_.events.front());
}

INSTANTIATE_TEST_SUITE_P(Catalog, SlowServerTest,
                         testing::ValuesIn(pool::balancer_catalog().begin(), pool::balancer_catalog().end()),
                         [](const auto& entry) { return std::string(entry.param->name); });

TEST_F(SlowPoolTest, keys_stay_with_a_slow_server) {
  pool_.algorithm = pool::Algorithm::ip_hash;
  start(4);
  takes_ = [](std::size_t server) { return server == 1 ? 400ms : 20ms; };
  serve(10s);
  EXPECT_EQ(state(1), ServerState::up);
  EXPECT_NEAR(share(1), 0.25, 0.05);
}

TEST_F(SlowPoolTest, tells_what_it_saw_and_what_it_did) {
  start(4);
  takes_ = [](std::size_t server) { return server == 1 ? 400ms : 20ms; };
  serve(3s);
  ASSERT_EQ(events_.events.size(), 1u);
  const pool::ServerEvent& event = events_.events.front();
  EXPECT_EQ(event.server, "s1");
  EXPECT_EQ(event.to, ServerState::slow);
  EXPECT_EQ(event.reason, "slow");
  EXPECT_EQ(pool::severity(event), pool::Severity::warning);
  EXPECT_THAT(event.why, testing::MatchesRegex("answers [0-9]+ times slower than the others \\(.* ms, they .* ms\\); "
                                               "gets a hundredth of its share"));
  takes_ = [](std::size_t) { return 20ms; };
  serve(15s);
  ASSERT_EQ(events_.events.size(), 3u);
  EXPECT_EQ(events_.events[1].to, ServerState::warming);
  EXPECT_EQ(events_.events[1].reason, "caught_up");
  EXPECT_EQ(events_.events[1].why, "answers about as fast as the others again");
  EXPECT_EQ(events_.events[2].to, ServerState::up);
}

TEST_F(SlowPoolTest, an_own_zone_that_turns_slow_is_told_of_and_so_is_its_recovery) {
  options_.zone = "east";
  zones_ = {"east", "east", "west", "west"};
  start(4);
  serve(10s);
  EXPECT_TRUE(events_.zones.empty());
  EXPECT_EQ(sent_[2] + sent_[3], 0U);
  takes_ = [](std::size_t server) { return server < 2 ? 100ms : 20ms; };
  serve(10s);
  ASSERT_EQ(events_.zones.size(), 1U);
  EXPECT_TRUE(events_.zones[0].is_overloaded);
  EXPECT_EQ(events_.zones[0].pool, "web");
  EXPECT_EQ(events_.zones[0].generation, 1U);
  EXPECT_THAT(json_line(events_.zones[0]), testing::HasSubstr("\"event\":\"zone.overloaded\""));
  EXPECT_GT(share(2) + share(3), 0.1);
  takes_ = [](std::size_t) { return 20ms; };
  serve(1min);
  ASSERT_EQ(events_.zones.size(), 2U);
  EXPECT_FALSE(events_.zones[1].is_overloaded);
  EXPECT_GT(events_.zones[1].at, events_.zones[0].at);
}

// Bounded by the longest spell and a warm-up, also where a hundredth of the requests is too little to see anything.
TEST_F(SlowPoolTest, one_that_was_slow_for_long_gets_its_share_back_within_two_minutes_at_any_rate) {
  for (const double rate : {8.0, 40.0, 300.0}) {
    SCOPED_TRACE(rate);
    per_second_ = rate;
    takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
    if (sent_.empty()) start(4);
    serve(10min);
    EXPECT_LT(share(0), 0.03);
    takes_ = [](std::size_t) { return 20ms; };
    serve(2min);
    EXPECT_EQ(state(0), ServerState::up);
    serve(5min);
    EXPECT_NEAR(share(0), 0.25, 0.03);
  }
}

TEST_F(SlowPoolTest, a_slow_server_costs_the_default_less_than_one_request_in_a_hundred) {
  for (const std::size_t servers : {3, 4}) {
    SCOPED_TRACE(servers);
    pool_.servers.clear();
    per_second_ = 300;
    takes_ = [](std::size_t) { return 5ms; };
    start(servers);
    takes_ = [](std::size_t server) { return server == 0 ? 100ms : 5ms; };
    serve(5s);
    serve(10s);
    EXPECT_LT(share(0), 0.01);
    serve(1min);
    EXPECT_LT(share(0), 0.01);
  }
}

// What the default gains: one request in a hundred would be slow by a server that only its requests in flight slow
// down.
TEST_F(SlowPoolTest, least_requests_alone_leaves_a_slow_server_a_larger_share) {
  start(4);
  takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
  serve(1s);
  serve(20s);
  const double share_with = share(0);
  pool_.passive.slow_factor.reset();
  load();
  serve(25s);
  serve(20s);
  EXPECT_LT(share_with, 0.01);
  EXPECT_GT(share(0), 0.01);
}

TEST_F(SlowPoolTest, of_two_servers_none_is_slow) {
  start(2);
  takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
  serve(10s);
  EXPECT_TRUE(events_.events.empty());
}

TEST_F(SlowPoolTest, no_more_than_max_share_of_the_pool_is_slow) {
  pool_.passive.max_share = Share{0.25};
  pool_.algorithm = pool::Algorithm::round_robin;
  start(5);
  takes_ = [](std::size_t server) { return server < 2 ? 400ms : 20ms; };
  serve(10s);
  EXPECT_EQ(events_.events.size(), 1u);
}

TEST_F(SlowPoolTest, a_pool_that_is_slow_as_a_whole_sheds_nothing) {
  start(4);
  takes_ = [](std::size_t) { return 2s; };
  serve(20s);
  EXPECT_TRUE(events_.events.empty());
}

TEST_F(SlowPoolTest, a_pool_that_rested_is_looked_at_again_with_its_first_requests) {
  start(4);
  per_second_ = 0;
  serve(1min);
  per_second_ = 400;
  takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
  serve(3s);
  EXPECT_EQ(state(0), ServerState::slow);
}

TEST_F(SlowPoolTest, an_own_zone_that_is_overloaded_is_helped_until_it_is_at_ease_again) {
  start(4);
  options_.zone = "a";
  for (std::size_t server = 0; server < 4; ++server) pool_.servers[server].zone = server < 2 ? "a" : "b";
  load();
  const auto far = [&] { return share(2) + share(3); };
  serve(10s);
  EXPECT_EQ(far(), 0);
  takes_ = [](std::size_t server) { return server < 2 ? 100ms : 20ms; };
  serve(10s);
  EXPECT_GT(far(), 0.1);
  EXPECT_TRUE(events_.events.empty()) << "no server of it is slower than the other";
  takes_ = [](std::size_t) { return 20ms; };
  serve(40s);
  serve(5s);
  EXPECT_EQ(far(), 0);
}

TEST_F(SlowPoolTest, a_server_that_was_slow_is_given_its_share_back_when_nobody_can_tell_any_more) {
  start(4);
  takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
  serve(1min);
  EXPECT_EQ(state(0), ServerState::slow);
  per_second_ = 0;
  serve(2s);
  EXPECT_EQ(state(0), ServerState::slow);
  serve(1min);
  EXPECT_EQ(state(0), ServerState::up);
  EXPECT_EQ(std::prev(events_.events.end(), 2)->why, "too few answers to tell whether it is still slow");
}

TEST_F(SlowPoolTest, a_reload_that_turns_it_off_ends_it) {
  start(4);
  takes_ = [](std::size_t server) { return server == 0 ? 400ms : 20ms; };
  serve(1min);
  EXPECT_EQ(state(0), ServerState::slow);
  pool_.passive.slow_factor.reset();
  load();
  serve(1min);
  EXPECT_EQ(state(0), ServerState::up);
}

}  // namespace
}  // namespace fairlead::app
