#include "pool/waiting_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "pool/pool_view.h"
#include "pool/test_servers.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;
using runtime::Task;
using testing::ElementsAre;

class NoSuspects : public SuspectListener {
 public:
  void on_suspect(Server&) override {}
};

// Two servers that serve one request each, and requests that wait for them.
class WaitingLineTest : public testing::Test {
 protected:
  WaitingLineTest() {
    options_.limits.max_inflight = 1;
    options_.queue = {.max = 3, .timeout = 5s};
    for (std::size_t index = 0; index < servers_.size(); ++index) servers_[index].publish_max_inflight(1);
    renew();
  }

  // Whoever still waits does so in vain.
  void TearDown() override { loop_.run_until(loop_.now() + 1min); }

  // A further generation of the pool.
  void renew() {
    pool_ = std::make_shared<Pool>("web", options_, servers_.members(), servers_.vitals());
    view_ = std::make_unique<PoolView>(pool_, random_, suspects_);
  }
  // A request that holds what it gets until `finish`, or nothing where it waits in vain.
  Task<void> request(std::string name, TriedServers tried = {}) {
    const std::shared_ptr<const Pool> pool = pool_;
    PoolView& view = *view_;
    Result<Permit> permit = view.admit(tried, loop_.now());
    if (!permit && permit.error().code == ErrorCode::queue_full) {
      Place place(pool->waiting_line(), loop_, pool->generation(), !tried.empty());
      places_[name] = &place;
      permit = co_await view.wait_for_permit(place, tried, kNever).result();
      places_.erase(name);
    }
    log_.push_back(permit ? name : name + " " + std::string(word(permit.error().code)));
    if (permit) held_[name] = std::move(*permit);
  }
  void start(std::string name, TriedServers tried = {}) {
    tasks_.start(request(std::move(name), tried));
    settle();
  }
  void finish(const std::string& name) {
    held_.erase(name);
    settle();
  }
  void settle() { loop_.run_until(loop_.now() + 1ms); }
  WaitingLine& line() { return pool_->waiting_line(); }

  runtime::SimulatedLoop loop_{1};
  TestServers servers_{2};
  PoolOptions options_;
  Random random_{1};
  NoSuspects suspects_;
  std::shared_ptr<const Pool> pool_;
  std::unique_ptr<PoolView> view_;
  std::map<std::string, Permit> held_;
  std::map<std::string, Place*> places_;
  std::vector<std::string> log_;
  runtime::TaskGroup tasks_{loop_};
};

TEST_F(WaitingLineTest, first_come_first_served) {
  for (const char* name : {"a", "b", "c", "d", "e"}) start(name);
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  EXPECT_EQ(line().length(), 3u);
  finish("b");
  finish("c");
  finish("a");
  EXPECT_THAT(log_, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_TRUE(line().is_empty());
}

TEST_F(WaitingLineTest, who_comes_later_does_not_take_what_is_meant_for_who_waits) {
  for (const char* name : {"a", "b", "c"}) start(name);
  held_.erase("a");  // "c" has been called and has not looked yet
  start("d");
  EXPECT_THAT(log_, ElementsAre("a", "b", "c"));
  finish("b");
  EXPECT_THAT(log_, ElementsAre("a", "b", "c", "d"));
}

TEST_F(WaitingLineTest, several_that_end_at_once_let_as_many_in) {
  for (const char* name : {"a", "b", "c", "d", "e"}) start(name);
  held_.erase("a");
  held_.erase("b");
  settle();
  EXPECT_THAT(log_, ElementsAre("a", "b", "c", "d"));
}

TEST_F(WaitingLineTest, in_a_line_that_stands_nobody_waits_for_long) {
  options_.queue = {.max = 100, .timeout = 5s, .target = 200ms};
  renew();
  start("a");
  start("b");
  start("first");
  loop_.run_until(loop_.now() + 4s);
  start("second");
  loop_.run_until(loop_.now() + 2s);
  EXPECT_THAT(log_, ElementsAre("a", "b", "first queue_timeout"));
  start("shed");  // the line has not been empty for six seconds
  loop_.run_until(loop_.now() + 300ms);
  EXPECT_EQ(log_.back(), "shed queue_timeout");
  finish("a");
  EXPECT_EQ(log_.back(), "second") << "who came before waits as long as was promised";
  // The line was empty: what comes now may be a burst.
  start("patient");
  loop_.run_until(loop_.now() + 1s);
  finish("b");
  EXPECT_EQ(log_.back(), "patient");
}

TEST_F(WaitingLineTest, a_pool_without_limits_does_not_look_at_the_line) {
  Place waiting(line(), loop_, pool_->generation(), false);
  ASSERT_TRUE(waiting.enter(1).has_value());
  EXPECT_FALSE(view_->admit({}, loop_.now()).has_value());
  options_.limits.max_inflight.reset();
  for (std::size_t index = 0; index < servers_.size(); ++index) servers_[index].publish_max_inflight(0);
  renew();
  EXPECT_TRUE(view_->admit({}, loop_.now()).has_value());
}

TEST_F(WaitingLineTest, a_full_line_refuses_at_once) {
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) start(name);
  EXPECT_THAT(log_, ElementsAre("a", "b", "f queue_full"));
}

TEST_F(WaitingLineTest, nobody_waits_longer_than_the_timeout) {
  for (const char* name : {"a", "b", "c"}) start(name);
  loop_.run_until(loop_.now() + 4900ms);
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  loop_.run_until(loop_.now() + 200ms);
  EXPECT_THAT(log_, ElementsAre("a", "b", "c queue_timeout"));
  EXPECT_TRUE(line().is_empty());
}

TEST_F(WaitingLineTest, who_gives_up_leaves_its_place_to_the_next) {
  for (const char* name : {"a", "b", "c", "d"}) start(name);
  held_.erase("a");  // "c" is called
  places_["c"]->give_up();
  settle();
  EXPECT_THAT(log_, ElementsAre("a", "b", "c canceled", "d"));
  EXPECT_TRUE(line().is_empty());
}

TEST_F(WaitingLineTest, a_higher_limit_and_a_server_that_is_up_let_requests_in) {
  servers_.set_state(1, ServerState::down);
  for (const char* name : {"a", "b", "c"}) start(name);
  EXPECT_THAT(log_, ElementsAre("a"));
  servers_[0].publish_max_inflight(2);
  settle();
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  servers_.set_state(1, ServerState::up);
  settle();
  EXPECT_THAT(log_, ElementsAre("a", "b", "c"));
}

TEST_F(WaitingLineTest, a_retry_goes_first_and_holds_up_nobody) {
  for (const char* name : {"a", "b", "c"}) start(name);
  TriedServers tried;
  tried.add(*held_["a"].server());
  start("retry", tried);
  EXPECT_EQ(line().length(), 2u);
  finish("a");  // of no use for the retry
  EXPECT_THAT(log_, ElementsAre("a", "b", "c"));
  start("d");
  finish("b");
  EXPECT_THAT(log_, ElementsAre("a", "b", "c", "retry"));
}

TEST_F(WaitingLineTest, requests_of_an_earlier_generation_do_not_hold_up_later_ones) {
  servers_.set_state(1, ServerState::disabled);
  for (const char* name : {"a", "old"}) start(name);
  const auto old_view = std::move(view_);
  TestServers more(1);
  std::vector<Member> members = servers_.members();
  members.push_back({more.members()[0].server, false});
  more[0].publish_max_inflight(1);
  pool_ = std::make_shared<Pool>("web", options_, members, servers_.vitals());
  view_ = std::make_unique<PoolView>(pool_, random_, suspects_);
  start("new");
  EXPECT_THAT(log_, ElementsAre("a", "new"));
  finish("a");
  EXPECT_THAT(log_, ElementsAre("a", "new", "old"));
}

TEST_F(WaitingLineTest, a_backup_helps_before_anybody_waits) {
  std::vector<Member> members = servers_.members();
  members[1].backup = true;
  pool_ = std::make_shared<Pool>("web", options_, members, servers_.vitals());
  view_ = std::make_unique<PoolView>(pool_, random_, suspects_);
  for (const char* name : {"a", "b"}) start(name);
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  EXPECT_EQ(held_["b"].server(), &servers_[1]);
}

TEST_F(WaitingLineTest, a_full_server_is_passed_over_whatever_the_algorithm) {
  TestServers many(50);
  for (const Algorithm algorithm : {Algorithm::round_robin, Algorithm::least_requests, Algorithm::random}) {
    options_.algorithm = algorithm;
    for (std::size_t index = 0; index < many.size(); ++index) many[index].publish_max_inflight(index == 17 ? 2 : 1);
    pool_ = std::make_shared<Pool>("web", options_, many.members(), many.vitals());
    PoolView view(pool_, random_, suspects_);
    std::vector<Permit> held;
    for (std::size_t request = 0; request < many.size() + 1; ++request) {
      Result<Permit> permit = view.admit({}, loop_.now());
      ASSERT_TRUE(permit) << request;
      held.push_back(std::move(*permit));
    }
    EXPECT_EQ(view.admit({}, loop_.now()).error().code, ErrorCode::queue_full);
  }
}

}  // namespace
}  // namespace fairlead::pool
