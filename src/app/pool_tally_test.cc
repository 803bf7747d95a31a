#include "app/pool_tally.h"

#include <gtest/gtest.h>

#include <memory>

#include "pool/test_servers.h"

namespace fairlead::app {
namespace {

using pool::PoolState;

class PoolTallyTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t index = 0; index < servers_.size(); ++index) {
      machines_.push_back(std::make_unique<pool::HealthMachine>(servers_[index], pool::HealthMachine::options_of({}),
                                                                pool::Origin::process_start, pool::kTestStart));
      tally_.add(*machines_.back());
    }
  }
  std::optional<pool::PoolEvent> news(pool::LastResort last_resort = pool::LastResort::try_anyway) {
    pool::PoolOptions options;
    options.last_resort = last_resort;
    return tally_.news(pool::Pool("web", options, servers_.members(), servers_.vitals()));
  }
  // The first check of a server.
  void check(std::size_t index, pool::CheckVerdict verdict) {
    pool::HealthMachine& machine = *machines_[index];
    const bool was_undecided = machine.is_undecided();
    const auto transition =
        machine.checked({.verdict = verdict, .reason = "ok", .summary = "a check"}, pool::kTestStart);
    ASSERT_TRUE(transition);
    tally_.move(machine, transition->from, was_undecided);
  }

  pool::TestServers servers_{2};
  std::vector<std::unique_ptr<pool::HealthMachine>> machines_;
  PoolTally tally_;
};

TEST_F(PoolTallyTest, what_is_not_decided_yet_is_no_news) {
  EXPECT_FALSE(news());
  check(0, pool::CheckVerdict::failed);
  EXPECT_TRUE(tally_.is_undecided());
  EXPECT_FALSE(news());
  check(1, pool::CheckVerdict::failed);
  const auto event = news();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->to, PoolState::failing);
  EXPECT_EQ(event->servers, 2U);
  EXPECT_FALSE(news()) << "told once";
}

TEST_F(PoolTallyTest, a_pool_that_starts_well_is_no_news) {
  check(0, pool::CheckVerdict::passed);
  check(1, pool::CheckVerdict::passed);
  EXPECT_FALSE(news());
  EXPECT_EQ(tally_.state(), PoolState::ok);
  EXPECT_EQ(tally_.serving(), 2U);
}

TEST_F(PoolTallyTest, says_what_clients_of_a_failing_pool_get) {
  check(0, pool::CheckVerdict::failed);
  check(1, pool::CheckVerdict::failed);
  EXPECT_EQ(news(pool::LastResort::fail)->why, "none of 2 servers is up; requests are answered with 503");
}

TEST_F(PoolTallyTest, a_reload_counts_anew_and_keeps_what_was_told) {
  check(0, pool::CheckVerdict::passed);
  check(1, pool::CheckVerdict::failed);
  EXPECT_EQ(news()->to, PoolState::degraded);
  tally_.clear();
  tally_.add(*machines_[0]);
  const auto event = news();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->from, PoolState::degraded);
  EXPECT_EQ(event->to, PoolState::ok);
  EXPECT_EQ(event->why, "its server is up");
}

}  // namespace
}  // namespace fairlead::app
