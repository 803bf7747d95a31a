#include "app/limit_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/simulated/simulated_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class LimitWatchTest : public testing::Test {
 protected:
  void run_for(Duration time) {
    const TimePoint until = loop_.now() + time;
    while (loop_.now() < until) loop_.run_until(until);
  }
  std::vector<ListenerLoad> loads() {
    return {{.name = "web", .seats = &seats_, .connections = connections_, .per_client = 3, .min_rate = ByteRate{240}}};
  }

  runtime::SimulatedLoop loop_{1};
  proxy::Seating process_;
  proxy::ListenerSeats seats_{process_};
  std::optional<std::uint32_t> connections_ = 100;
  std::vector<std::string> told_;
  proxy::BodyBudget kept_bodies_;
  LimitWatch watch_{loop_, [this] { return loads(); }, kept_bodies_,
                    [this](pool::Severity, std::string text) { told_.push_back(std::move(text)); }};
};

TEST_F(LimitWatchTest, says_nothing_while_no_limit_is_felt) {
  run_for(5min);
  EXPECT_THAT(told_, ElementsAre());
}

TEST_F(LimitWatchTest, tells_once_when_it_begins_and_once_with_the_count_when_it_is_over) {
  for (int second = 0; second < 10; ++second) {
    seats_.counters().refused += 100;
    run_for(1s);
  }
  EXPECT_THAT(told_, ElementsAre(AllOf(HasSubstr("the 100 connections of `limits.connections`"),
                                       HasSubstr("Raise `listeners.web.limits.connections`"))));
  run_for(2min);
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_THAT(told_[1], HasSubstr("1000 connections were answered 503"));
  seats_.counters().refused += 1;
  run_for(2s);
  EXPECT_EQ(told_.size(), 3U);
}

TEST_F(LimitWatchTest, names_the_limit_that_is_in_the_way) {
  connections_.reset();
  process_.set_limit(20);
  seats_.counters().shed += 1;
  run_for(2s);
  EXPECT_THAT(told_, ElementsAre(AllOf(HasSubstr("the 20 connections for which there are file descriptors"),
                                       HasSubstr("`LimitNOFILE`"))));
  connections_ = 50;
  seats_.counters().refused += 1;
  run_for(2s);
  EXPECT_THAT(told_.back(), HasSubstr("the 20 connections for which"));
}

TEST_F(LimitWatchTest, tells_of_every_kind) {
  seats_.counters().refused_clients += 1;
  seats_.counters().exhausted += 1;
  seats_.counters().too_slow += 1;
  seats_.counters().kept_heads += 1;
  seats_.counters().memory += 1;
  seats_.counters().pipelined += 1;
  run_for(2s);
  EXPECT_THAT(told_, ElementsAre(HasSubstr("`limits.per_client`"), HasSubstr("No file descriptor or memory"),
                                 HasSubstr("`limits.min_rate` (240B/s)"), HasSubstr("`limits.kept_heads`"),
                                 HasSubstr("`limits.memory`"), HasSubstr("`limits.pipelined`")));
}

TEST_F(LimitWatchTest, tells_of_bodies_that_there_was_no_room_for) {
  kept_bodies_.set_limit({64 * 1024 * 1024});
  for (int body = 0; body < 3; ++body) kept_bodies_.count_refusal();
  run_for(2s);
  EXPECT_THAT(told_, ElementsAre(AllOf(HasSubstr("the 64MiB of `limits.kept_bodies`"), HasSubstr("passed on unkept"))));
  run_for(2min);
  EXPECT_THAT(told_.back(), HasSubstr("kept again: 3 were passed on unkept"));
}

}  // namespace
}  // namespace fairlead::app
