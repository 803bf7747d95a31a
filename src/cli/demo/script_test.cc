#include "cli/demo/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"

namespace fairlead::cli::demo {
namespace {

using namespace std::chrono_literals;
using pool::ServerState;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Plays the script on virtual time, with a stage that notes what is asked of it.
class ScriptTest : public testing::Test, public Stage {
 protected:
  void SetUp() override { play({.servers = 3, .duration = 60s, .warmup = 10s}); }

  void play(const ScriptPlan& plan) {
    script_.emplace(loop_, *this, plan);
    start_ = loop_.now();
    said_.clear();
    tasks_.start(script_->run());
    for (const char* server : {"app-1", "app-2", "app-3"}) {
      tell(server, ServerState::checking, ServerState::up, "check_passed");
    }
  }
  void TearDown() override {
    script_->stop();
    loop_.run_until(loop_.now() + 1s);
    ASSERT_EQ(tasks_.size(), 0U);
  }

  void run_to(Duration time) { loop_.run_until(start_ + time); }
  void tell(std::string server, ServerState from, ServerState to, std::string reason, std::string why = {}) {
    script_->on_server_event(
        {.server = std::move(server), .from = from, .to = to, .reason = std::move(reason), .why = std::move(why)});
    loop_.run_until(loop_.now() + 1ms);
  }
  std::vector<std::string> steps() const {
    std::vector<std::string> steps;
    for (const auto& [step, text] : said_) steps.emplace_back(step);
    return steps;
  }
  const std::string& last() const { return said_.back().text; }

  void crash(std::size_t server) override { done_.emplace_back("crash", server); }
  void bring_back(std::size_t server) override { done_.emplace_back("back", server); }
  void drain(std::size_t server) override { done_.emplace_back("drain", server); }
  std::uint32_t in_flight(std::size_t) override { return in_flight_; }
  Counts counts() const override { return counts_; }
  void say(const Sentence& sentence) override { said_.push_back(sentence); }

  runtime::SimulatedLoop loop_{1};
  runtime::TaskGroup tasks_{loop_};
  std::optional<Script> script_;
  TimePoint start_;
  std::vector<Sentence> said_;
  std::vector<std::pair<std::string, std::size_t>> done_;
  Counts counts_;
  std::uint32_t in_flight_ = 0;
};

TEST_F(ScriptTest, crashes_returns_and_drains_at_their_times) {
  run_to(11'900ms);
  EXPECT_THAT(done_, ElementsAre());
  run_to(12'100ms);
  EXPECT_THAT(done_, ElementsAre(Pair("crash", 2)));
  run_to(28'100ms);
  EXPECT_THAT(done_, ElementsAre(Pair("crash", 2), Pair("back", 2)));
  run_to(42'100ms);
  EXPECT_THAT(done_, ElementsAre(Pair("crash", 2), Pair("back", 2), Pair("drain", 1)));
  run_to(60s);
  EXPECT_EQ(steps().back(), "end");
}

TEST_F(ScriptTest, counts_what_the_crash_cost_once_the_server_is_out) {
  counts_ = {.requests = 400, .retries = 5, .errors = 2};
  run_to(14s);
  EXPECT_THAT(steps(), ElementsAre("start"));
  counts_ = {.requests = 480, .retries = 12, .errors = 2};
  tell("app-3", ServerState::up, ServerState::down, "connect_refused");
  EXPECT_THAT(steps(), ElementsAre("start", "crash", "down"));
  EXPECT_EQ(said_[1].text, "app-3 crashed. 7 requests hit it and were retried on another server. Users saw 0 errors.");
  EXPECT_EQ(last(), "Out of rotation after 3 failed checks. Reason: connection refused.");
}

TEST_F(ScriptTest, speaks_of_one_request_in_the_singular) {
  run_to(13s);
  counts_ = {.retries = 1, .errors = 1};
  tell("app-3", ServerState::up, ServerState::down, "connect_refused");
  EXPECT_EQ(said_[1].text, "app-3 crashed. 1 request hit it and was retried on another server. Users saw 1 error.");
}

TEST_F(ScriptTest, never_says_what_did_not_happen) {
  in_flight_ = 1;
  run_to(60s);
  EXPECT_THAT(steps(), ElementsAre("start", "crash", "end"));
}

TEST_F(ScriptTest, tells_an_ejection_from_failed_checks) {
  run_to(13s);
  tell("app-3", ServerState::up, ServerState::ejected, "ejected", "6 of 8 requests failed within 30s; returns in 10s");
  EXPECT_EQ(last(), "Out of rotation at once: 6 of 8 requests failed within 30s; returns in 10s.");
  tell("app-3", ServerState::ejected, ServerState::down, "connect_refused");
  EXPECT_THAT(last(), HasSubstr("Down after 3 failed checks."));
}

TEST_F(ScriptTest, says_that_the_server_is_back_when_it_serves_again) {
  run_to(13s);
  tell("app-3", ServerState::up, ServerState::down, "connect_refused");
  run_to(29s);
  EXPECT_THAT(steps(), ElementsAre("start", "crash", "down"));
  tell("app-3", ServerState::down, ServerState::warming, "check_passed");
  EXPECT_EQ(last(), "app-3 is back: two good checks, then a 10 s warm-up instead of a flood.");
}

TEST_F(ScriptTest, calls_a_drained_server_safe_only_once_its_last_request_has_ended) {
  in_flight_ = 3;
  run_to(44s);
  EXPECT_THAT(steps(), testing::Not(testing::Contains("drained")));
  in_flight_ = 0;
  run_to(44'100ms);
  EXPECT_THAT(last(), AllOf(HasSubstr("Draining app-2"), HasSubstr("safe to stop")));
}

TEST_F(ScriptTest, a_shorter_demo_has_the_same_steps) {
  script_->stop();
  loop_.run_until(loop_.now() + 1s);
  play({.servers = 3, .duration = 15s, .warmup = 2500ms});
  done_.clear();
  run_to(3'100ms);
  EXPECT_THAT(done_, ElementsAre(Pair("crash", 2)));
  run_to(15s);
  EXPECT_EQ(last(), "That was it.");
}

TEST_F(ScriptTest, of_two_servers_the_quick_one_crashes) {
  script_->stop();
  loop_.run_until(loop_.now() + 1s);
  play({.servers = 2, .duration = 60s, .is_interactive = true});
  EXPECT_THAT(last(), AllOf(HasSubstr("Two copies"), HasSubstr("app-2 is slow")));
  run_to(60s);
  EXPECT_THAT(done_, ElementsAre(Pair("crash", 0), Pair("back", 0), Pair("drain", 1)));
  EXPECT_THAT(last(), HasSubstr("press 1 or 2 to crash"));
}

TEST_F(ScriptTest, stops_in_the_middle_of_a_wait) {
  run_to(13s);
  script_->stop();
  run_to(14s);
  EXPECT_EQ(tasks_.size(), 0U);
  EXPECT_THAT(steps(), ElementsAre("start"));
}

}  // namespace
}  // namespace fairlead::cli::demo
