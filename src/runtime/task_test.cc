#include "runtime/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/both.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::runtime {
namespace {

using namespace std::chrono_literals;

Task<int> three() { co_return 3; }
Task<int> refuse() {
  co_await fail(Error{.code = ErrorCode::no_server});
  ADD_FAILURE() << "ran on after an error";
  co_return 0;
}
Task<int> add_one(Task<int> inner) {
  const int value = co_await std::move(inner);
  co_return value + 1;
}

TEST(Task, hands_up_the_value_of_a_child) {
  Task<int> task = add_one(three());
  task.start();
  ASSERT_TRUE(task.promise().finished());
  EXPECT_EQ(*task.promise().take_result(), 4);
}

TEST(Task, hands_up_the_error_of_a_child_through_every_level) {
  Task<int> task = add_one(add_one(refuse()));
  task.start();
  ASSERT_TRUE(task.promise().finished());
  EXPECT_EQ(task.promise().take_result().error().code, ErrorCode::no_server);
}

TEST(Task, result_gives_the_error_to_the_caller) {
  auto caller = []() -> Task<bool> {
    const Result<int> outcome = co_await refuse().result();
    co_return !outcome.has_value();
  };
  Task<bool> task = caller();
  task.start();
  EXPECT_TRUE(*task.promise().take_result());
}

TEST(Task, an_error_after_a_wait_reaches_the_outermost_caller_and_destroys_locals) {
  SimulatedLoop loop(1);
  TaskGroup group(loop);
  auto witness = std::make_shared<int>(0);
  auto late_failure = [&loop](std::shared_ptr<int> held) -> Task<int> {
    co_await pause_until(loop, loop.now() + 1s);
    co_await fail(Error{.code = ErrorCode::bad_response});
    co_return *held;
  };
  ErrorCode seen = ErrorCode::canceled;
  auto outer = [&]() -> Task<void> {
    const Result<int> outcome = co_await add_one(late_failure(witness)).result();
    seen = outcome.error().code;
  };
  group.start(outer());
  EXPECT_EQ(group.size(), 1U);
  EXPECT_TRUE(loop.run_until(kNever));
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(seen, ErrorCode::bad_response);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(TaskGroup, join_waits_for_the_last_task) {
  SimulatedLoop loop(1);
  TaskGroup group(loop);
  TaskGroup joiner(loop);
  std::vector<std::string> order;
  auto sleeper = [&](Duration wait, std::string name) -> Task<void> {
    co_await pause_until(loop, loop.now() + wait);
    order.push_back(name);
  };
  auto wait_for_all = [&]() -> Task<void> {
    co_await group.join();
    order.emplace_back("joined");
  };
  group.start(sleeper(2s, "slow"));
  group.start(sleeper(1s, "quick"));
  joiner.start(wait_for_all());
  EXPECT_TRUE(loop.run_until(kNever));
  EXPECT_EQ(order, (std::vector<std::string>{"quick", "slow", "joined"}));
}

TEST(TaskGroup, a_task_that_stops_its_loop_is_gone_when_run_returns) {
  SimulatedLoop loop(1);
  TaskGroup group(loop);
  auto stopper = [&]() -> Task<void> {
    co_await Yield(loop);  // into the last round of the turn
    loop.stop();
  };
  loop.post_from_anywhere([&] { group.start(stopper()); });
  loop.run();
  EXPECT_EQ(group.size(), 0U);
}

TEST(Both, the_first_error_asks_the_other_side_to_end) {
  SimulatedLoop loop(1);
  TaskGroup group(loop);
  Signal stop(loop);
  bool other_ended = false;
  Result<void> outcome;
  auto failing = [&]() -> Task<void> {
    co_await pause_until(loop, loop.now() + 1s);
    co_await fail(Error{.code = ErrorCode::client_gone});
  };
  auto patient = [&]() -> Task<void> {
    co_await stop.wait();
    other_ended = true;
  };
  auto run = [&]() -> Task<void> { outcome = co_await Both(failing(), patient(), [&] { stop.set(); }); };
  group.start(run());
  EXPECT_TRUE(loop.run_until(kNever));
  EXPECT_TRUE(other_ended);
  EXPECT_EQ(outcome.error().code, ErrorCode::client_gone);
}

}  // namespace
}  // namespace fairlead::runtime
