#include "net/connection.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "net/output.h"
#include "net/scratch.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"

namespace fairlead::net {
namespace {

using namespace std::chrono_literals;

// A connection to a peer that the test plays with plain calls.
class ConnectionTest : public testing::Test {
 protected:
  explicit ConnectionTest(
      const runtime::NetworkConditions& conditions = {.socket_buffer = 1024, .cut = 0, .short_send = 0, .late_news = 0})
      : loop_(1, conditions) {
    const SocketAddress address = *numeric_address("10.0.0.1", 80);
    listener_ = loop_.listen(address.get(), address.size);
    connection_ = std::make_unique<Connection>(loop_, loop_.connect(address.get(), address.size).descriptor);
    run(1s);
    peer_ = loop_.accept(listener_).descriptor;
    EXPECT_GE(peer_, 0);
  }
  ~ConnectionTest() override {
    connection_.reset();
    if (peer_ >= 0) loop_.close(peer_, false);
    loop_.close(listener_, false);
    run(1s);
    EXPECT_EQ(loop_.open_descriptors(), 0U);
  }

  void run(Duration time) { loop_.run_until(loop_.now() + time); }
  void say(std::string_view text) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    ASSERT_EQ(loop_.send(peer_, {&piece, 1}).count, text.size());
    run(10ms);
  }
  void hang_up(bool reset) {
    loop_.close(std::exchange(peer_, -1), reset);
    run(10ms);
  }
  // Begins a wait; `outcome_` tells how it ended.
  void wait(Connection::Wait::Side side, Deadline deadline) { tasks_.start(wait_for(side, deadline)); }
  std::string heard_by_peer() {
    std::string text(std::size_t{128} * 1024, '\0');
    std::size_t size = 0;
    while (true) {
      const runtime::IoResult got = loop_.receive(peer_, std::span(text).subspan(size));
      if (!got.ok() || got.count == 0) break;
      size += got.count;
    }
    text.resize(size);
    return text;
  }

  using Side = Connection::Wait::Side;
  runtime::SimulatedLoop loop_;
  runtime::TaskGroup tasks_{loop_};
  std::unique_ptr<Connection> connection_;
  int listener_ = -1;
  int peer_ = -1;
  std::optional<Result<void>> outcome_;

 private:
  runtime::Task<void> wait_for(Side side, Deadline deadline) {
    outcome_.reset();
    outcome_ = side == Side::read ? co_await with_result(connection_->readable(deadline))
                                  : co_await with_result(connection_->writable(deadline));
  }
};

TEST_F(ConnectionTest, a_wait_ends_when_bytes_come) {
  wait(Side::read, kNever);
  run(10ms);
  EXPECT_FALSE(outcome_);
  say("x");
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_);
}

TEST_F(ConnectionTest, a_wait_ends_at_its_deadline_and_not_before) {
  wait(Side::read, loop_.now() + 1s);
  run(999ms);
  EXPECT_FALSE(outcome_);
  run(20ms);
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::timed_out);
}

TEST_F(ConnectionTest, a_wait_that_begins_late_times_out_at_once_unless_there_is_input) {
  wait(Side::read, loop_.now());
  run(1ms);
  EXPECT_EQ(outcome_->error().code, ErrorCode::timed_out);
  say("x");
  wait(Side::read, loop_.now());
  run(1ms);
  EXPECT_TRUE(*outcome_);
}

TEST_F(ConnectionTest, a_later_deadline_is_not_shortened_by_an_earlier_one) {
  wait(Side::read, loop_.now() + 1s);
  say("x");
  std::string byte(2, '\0');
  EXPECT_EQ(connection_->receive(byte).count, 1U);
  wait(Side::read, loop_.now() + 10s);
  run(9s);
  EXPECT_FALSE(outcome_);
  run(2s);
  EXPECT_EQ(outcome_->error().code, ErrorCode::timed_out);
}

TEST_F(ConnectionTest, cancel_ends_waits_now_and_later) {
  wait(Side::read, kNever);
  connection_->cancel();
  run(1ms);
  EXPECT_EQ(outcome_->error().code, ErrorCode::canceled);
  say("x");
  wait(Side::read, kNever);
  run(1ms);
  EXPECT_EQ(outcome_->error().code, ErrorCode::canceled);
}

TEST_F(ConnectionTest, interrupt_ends_the_wait_that_goes_on_and_no_later_one) {
  wait(Side::read, kNever);
  connection_->interrupt_reading();
  run(1ms);
  EXPECT_EQ(outcome_->error().code, ErrorCode::canceled);
  wait(Side::read, kNever);
  say("x");
  EXPECT_TRUE(*outcome_);
}

TEST_F(ConnectionTest, the_end_of_the_stream_is_readable_and_stays_so) {
  say("bye");
  hang_up(false);
  std::string bytes(100, '\0');
  EXPECT_EQ(connection_->receive(bytes).count, 3U);
  for (int again = 0; again < 2; ++again) {
    wait(Side::read, kNever);
    run(1ms);
    ASSERT_TRUE(outcome_) << "the end is not told twice";
    const runtime::IoResult end = connection_->receive(bytes);
    EXPECT_TRUE(end.ok());
    EXPECT_EQ(end.count, 0U);
  }
  EXPECT_TRUE(connection_->has_hung_up());
  EXPECT_FALSE(connection_->is_lost());
}

TEST_F(ConnectionTest, a_reset_ends_both_waits_and_is_seen) {
  wait(Side::read, kNever);
  hang_up(true);
  EXPECT_TRUE(*outcome_);
  EXPECT_TRUE(connection_->is_lost());
  std::string byte(1, '\0');
  EXPECT_EQ(connection_->receive(byte).error, ECONNRESET);
}

TEST_F(ConnectionTest, silence_is_judged_without_taking_a_byte) {
  EXPECT_TRUE(connection_->is_silent());
  say("GET");
  EXPECT_FALSE(connection_->is_silent());
  std::string bytes(10, '\0');
  EXPECT_EQ(connection_->receive(bytes).count, 3U);
  EXPECT_TRUE(connection_->is_silent());
  hang_up(false);
  EXPECT_FALSE(connection_->is_silent());
}

struct Watcher final : IdleWatcher, HangUpWatcher {
  void on_idle_ended(Connection&) override { ++idle_ended; }
  void on_hang_up() override { ++hang_ups; }
  int idle_ended = 0;
  int hang_ups = 0;
};

TEST_F(ConnectionTest, an_idle_watcher_is_told_once_of_input) {
  Watcher watcher;
  connection_->watch_idle(watcher, kNever);
  say("x");
  say("y");
  EXPECT_EQ(watcher.idle_ended, 1);
}

TEST_F(ConnectionTest, an_idle_watcher_is_told_of_its_deadline) {
  Watcher watcher;
  connection_->watch_idle(watcher, loop_.now() + 1s);
  run(990ms);
  EXPECT_EQ(watcher.idle_ended, 0);
  run(30ms);
  EXPECT_EQ(watcher.idle_ended, 1);
}

TEST_F(ConnectionTest, an_idle_watcher_is_told_of_room_only_where_it_asked) {
  Watcher watcher;
  const std::string bytes(2048, 'x');
  const iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  for (const auto event : {Connection::Event::input, Connection::Event::input_or_room}) {
    while (connection_->send({&piece, 1}).ok()) continue;
    EXPECT_FALSE(connection_->may_send());
    connection_->watch_idle(watcher, kNever, event);
    run(10ms);
    EXPECT_EQ(watcher.idle_ended, 0);
    heard_by_peer();
    run(10ms);
    EXPECT_TRUE(connection_->may_send());
    EXPECT_EQ(watcher.idle_ended, event == Connection::Event::input ? 0 : 1);
  }
}

TEST_F(ConnectionTest, one_that_takes_over_knows_what_was_told_and_hears_the_rest) {
  say("x");
  auto next = std::make_unique<Connection>(std::move(*connection_));
  connection_ = std::move(next);
  EXPECT_TRUE(connection_->may_receive());
  std::string bytes(10, '\0');
  EXPECT_EQ(connection_->receive(bytes).count, 1U);
  EXPECT_FALSE(connection_->may_receive());
  say("y");
  EXPECT_TRUE(connection_->may_receive());
}

// Bytes need 100 ms for their way, and the loop tells of them as much later.
class LateNewsTest : public ConnectionTest {
 protected:
  LateNewsTest()
      : ConnectionTest({.min_delay = 100ms,
                        .max_delay = 100ms,
                        .socket_buffer = 1024,
                        .cut = 0,
                        .short_send = 0,
                        .late_news = 1}) {}
};

TEST_F(LateNewsTest, what_came_before_the_deadline_ends_the_wait_though_it_was_not_told) {
  wait(Side::read, loop_.now() + 120ms);
  say("x");
  run(170ms);
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_);
  EXPECT_TRUE(connection_->may_receive());
}

TEST_F(LateNewsTest, what_comes_after_the_deadline_does_not) {
  wait(Side::read, loop_.now() + 50ms);
  say("x");
  run(80ms);
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::timed_out);
}

TEST_F(LateNewsTest, an_idle_watcher_finds_what_came_before_its_deadline) {
  Watcher watcher;
  connection_->watch_idle(watcher, loop_.now() + 120ms);
  say("x");
  run(170ms);
  EXPECT_EQ(watcher.idle_ended, 1);
  EXPECT_TRUE(connection_->may_receive());
}

TEST_F(ConnectionTest, an_idle_watcher_that_was_taken_off_hears_nothing) {
  Watcher watcher;
  connection_->watch_idle(watcher, loop_.now() + 1s);
  connection_->stop_watching_idle();
  say("x");
  run(2s);
  EXPECT_EQ(watcher.idle_ended, 0);
}

TEST_F(ConnectionTest, a_hang_up_is_told_once_and_input_is_none) {
  Watcher watcher;
  connection_->watch_hang_up(&watcher);
  say("x");
  EXPECT_EQ(watcher.hang_ups, 0);
  hang_up(false);
  EXPECT_EQ(watcher.hang_ups, 1);
}

TEST_F(ConnectionTest, output_keeps_what_the_kernel_does_not_take_and_sends_it_later) {
  Output output;
  const std::string text(3000, 'a');
  const std::string tail(500, 'b');
  const std::array<iovec, 2> pieces{iovec{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()},
                                    iovec{.iov_base = const_cast<char*>(tail.data()), .iov_len = tail.size()}};
  EXPECT_TRUE(output.send(*connection_, pieces).ok());
  EXPECT_FALSE(output.is_empty());
  Result<Duration> flushed;
  const auto flush = [&]() -> runtime::Task<void> { flushed = co_await output.flush(*connection_, {5s}, 5s).result(); };
  tasks_.start(flush());
  std::string heard;
  for (int turn = 0; turn < 20; ++turn) {
    run(10ms);
    heard += heard_by_peer();
  }
  EXPECT_TRUE(output.is_empty());
  EXPECT_TRUE(flushed);
  EXPECT_EQ(heard, text + tail);
}

TEST_F(ConnectionTest, output_gives_up_on_a_peer_that_reads_nothing) {
  Output output;
  const std::string text(3000, 'a');
  const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  EXPECT_TRUE(output.send(*connection_, {&piece, 1}).ok());
  Result<Duration> flushed;
  const auto flush = [&]() -> runtime::Task<void> { flushed = co_await output.flush(*connection_, {5s}, 5s).result(); };
  tasks_.start(flush());
  run(4900ms);
  EXPECT_EQ(tasks_.size(), 1U);
  run(1s);
  EXPECT_EQ(flushed.error().code, ErrorCode::timed_out);
}

TEST_F(ConnectionTest, unread_input_is_put_aside_when_another_connection_reads) {
  Scratch scratch(64);
  Input first(scratch);
  Input second(scratch);
  say("first");
  EXPECT_EQ(first.fill(*connection_, 64).count, 5U);
  first.consume(1);
  say("second");
  EXPECT_EQ(second.fill(*connection_, 64).count, 6U);
  EXPECT_EQ(first.unread(), "irst");
  EXPECT_EQ(second.unread(), "second");
  // Back into the scratch, behind what was put aside.
  say("!");
  EXPECT_EQ(first.fill(*connection_, 64).count, 1U);
  EXPECT_EQ(first.unread(), "irst!");
  EXPECT_EQ(second.unread(), "second");
}

TEST_F(ConnectionTest, a_full_scratch_is_an_error_and_not_the_end) {
  Scratch scratch(4);
  Input input(scratch);
  say("abcdef");
  EXPECT_EQ(input.fill(*connection_, 64).count, 4U);
  EXPECT_EQ(input.fill(*connection_, 64).error, ENOBUFS);
  input.consume(3);
  EXPECT_EQ(input.fill(*connection_, 64).count, 2U);
  EXPECT_EQ(input.unread(), "def");
}

TEST_F(ConnectionTest, fill_takes_no_more_than_it_is_asked_for) {
  Scratch scratch(64);
  Input input(scratch);
  say("abcdef");
  EXPECT_EQ(input.fill(*connection_, 2).count, 2U);
  EXPECT_EQ(input.unread(), "ab");
}

}  // namespace
}  // namespace fairlead::net
