// Who is told when more is ready than a turn has room for, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "runtime/epoll/epoll_loop.h"

namespace fairlead::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// A connection of which the loop watches one end, and which notes when it is told of input.
class Watched final : public EventSource {
 public:
  Watched(EventLoop& loop, int name, Told told, std::vector<int>& order) : loop_(loop), name_(name), order_(order) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    loop_.watch(ends_[0], *this, told);
  }
  ~Watched() {
    close();
    ::close(ends_[1]);
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  int descriptor() const { return ends_[0]; }
  void close() {
    if (ends_[0] >= 0) loop_.close(std::exchange(ends_[0], -1), false);
  }
  void send() const { EXPECT_EQ(::send(ends_[1], "x", 1, MSG_NOSIGNAL), 1); }
  void end() const { EXPECT_EQ(::shutdown(ends_[1], SHUT_WR), 0); }
  void take() const {
    char byte = 0;
    EXPECT_EQ(::recv(ends_[0], &byte, 1, 0), 1);
  }
  void fill() const {
    const std::string bytes(1 << 16, 'f');
    while (::send(ends_[0], bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) continue;
  }
  void read_all_at_far_end() const {
    std::string room(1 << 16, '\0');
    while (::recv(ends_[1], room.data(), room.size(), 0) > 0) continue;
  }
  void on_ready(Readiness readiness) override {
    heard = readiness;
    ++calls;
    if (readiness.readable) order_.push_back(name_);
  }

  Readiness heard;
  int calls = 0;

 private:
  EventLoop& loop_;
  int name_;
  std::vector<int>& order_;
  std::array<int, 2> ends_{-1, -1};
};

class ToldInTurn : public testing::Test {
 protected:
  // All of them have been told that they are writable.
  std::deque<Watched>& watch(std::size_t count, Told told) {
    std::deque<Watched>& group = told == Told::input_in_turn ? in_turn_ : at_once_;
    for (std::size_t number = 0; number < count; ++number)
      group.emplace_back(loop_, static_cast<int>(group.size()) + (told == Told::at_once ? kAtOnce : 0), told, order_);
    turn(count);
    return group;
  }
  static void send_to_all(const std::deque<Watched>& group) {
    for (const Watched& watched : group) watched.send();
  }
  static void send_to_all_but_last(const std::deque<Watched>& group) {
    for (std::size_t index = 0; index + 1 < group.size(); ++index) group[index].send();
  }
  // What was told in so many turns. Each has a bell, so that none waits.
  std::vector<int> turn(std::size_t times = 1) {
    order_.clear();
    for (std::size_t time = 0; time < times; ++time) {
      bell_.send();
      loop_.turn();
      bell_.take();
    }
    std::erase(order_, kBell);
    return order_;
  }
  static std::vector<int> from_to(int first, int last, std::vector<int> before = {}) {
    for (int number = first; number <= last; ++number) before.push_back(number);
    return before;
  }

  static constexpr int kAtOnce = 1000;
  static constexpr int kBell = 9999;

  EpollLoop loop_;
  std::vector<int> order_;
  std::deque<Watched> in_turn_;
  std::deque<Watched> at_once_;
  Watched bell_{loop_, kBell, Told::at_once, order_};
};

TEST_F(ToldInTurn, so_many_in_each_turn_in_the_order_in_which_they_became_ready) {
  send_to_all(watch(80, Told::input_in_turn));
  EXPECT_EQ(turn(), from_to(0, 31));
  EXPECT_EQ(turn(), from_to(32, 63));
  EXPECT_EQ(turn(), from_to(64, 79));
  EXPECT_THAT(turn(), IsEmpty());
}

TEST_F(ToldInTurn, the_loop_does_not_wait_while_somebody_has_to_be_told) {
  send_to_all(watch(80, Told::input_in_turn));
  turn();
  order_.clear();
  struct Guard final : Timer {
    void on_timer() override { is_over = true; }
    bool is_over = false;
  } guard;
  loop_.timers().set(guard, loop_.now() + 10s);
  loop_.turn();  // Nothing becomes ready any more.
  loop_.turn();
  TimerWheel::cancel(guard);
  EXPECT_FALSE(guard.is_over);
  EXPECT_EQ(order_, from_to(32, 79));
}

TEST_F(ToldInTurn, what_is_told_at_once_comes_before_those_that_wait) {
  const std::deque<Watched>& in_turn = watch(80, Told::input_in_turn);
  const std::deque<Watched>& at_once = watch(2, Told::at_once);
  send_to_all(in_turn);
  turn();
  send_to_all(at_once);
  EXPECT_EQ(turn(), from_to(32, 63, {kAtOnce, kAtOnce + 1}));
}

TEST_F(ToldInTurn, where_many_are_told_at_once_the_others_get_half_as_many_turns) {
  const std::deque<Watched>& in_turn = watch(80, Told::input_in_turn);
  const std::deque<Watched>& at_once = watch(119, Told::at_once);
  send_to_all(at_once);
  send_to_all(in_turn);
  EXPECT_EQ(turn(), from_to(0, 59, from_to(kAtOnce, kAtOnce + 118))) << "119 and the bell";
}

// Whoever lets others go first, turn after turn.
struct Busy final : Runnable {
  explicit Busy(EventLoop& busy_loop) : loop(busy_loop) { loop.post(*this); }
  void run() override { loop.post(*this); }
  EventLoop& loop;
};

TEST_F(ToldInTurn, where_many_go_on_the_others_get_half_as_many_turns) {
  const std::deque<Watched>& in_turn = watch(80, Told::input_in_turn);
  std::deque<Busy> busy;
  while (busy.size() < 99) busy.emplace_back(loop_);
  turn();
  send_to_all(in_turn);
  EXPECT_EQ(turn(), from_to(0, 49)) << "99 and the bell";
}

TEST_F(ToldInTurn, room_is_told_at_once) {
  const std::deque<Watched>& in_turn = watch(80, Told::input_in_turn);
  in_turn.back().fill();
  turn();
  send_to_all_but_last(in_turn);
  in_turn.back().read_all_at_far_end();
  const int calls = in_turn.back().calls;
  EXPECT_EQ(turn(), from_to(0, 31));
  EXPECT_EQ(in_turn.back().calls, calls + 1);
  EXPECT_TRUE(in_turn.back().heard.writable);
}

TEST_F(ToldInTurn, room_comes_with_input_that_waits) {
  const std::deque<Watched>& in_turn = watch(80, Told::input_in_turn);
  in_turn.back().fill();
  turn();
  send_to_all(in_turn);
  turn();
  const int calls = in_turn.back().calls;
  in_turn.back().read_all_at_far_end();
  turn();
  EXPECT_EQ(in_turn.back().calls, calls);
  turn();
  EXPECT_EQ(in_turn.back().calls, calls + 1);
  EXPECT_TRUE(in_turn.back().heard.writable);
  EXPECT_TRUE(in_turn.back().heard.readable);
}

TEST_F(ToldInTurn, who_leaves_is_told_at_once) {
  const std::deque<Watched>& in_turn = watch(80, Told::input_in_turn);
  send_to_all_but_last(in_turn);
  turn();
  in_turn.back().end();
  EXPECT_EQ(turn(), from_to(32, 63, {79}));
}

TEST_F(ToldInTurn, all_that_came_while_waiting_is_told_together) {
  const std::deque<Watched>& in_turn = watch(33, Told::input_in_turn);
  send_to_all(in_turn);
  turn();
  EXPECT_FALSE(in_turn.back().heard.readable);
  in_turn.back().end();
  EXPECT_THAT(turn(), ElementsAre(32));
  EXPECT_TRUE(in_turn.back().heard.hung_up);
  EXPECT_THAT(turn(), IsEmpty());
}

TEST_F(ToldInTurn, who_left_while_waiting_is_told_nothing_and_neither_is_its_successor) {
  std::deque<Watched>& in_turn = watch(40, Told::input_in_turn);
  send_to_all(in_turn);
  turn();
  const int descriptor = in_turn[35].descriptor();
  in_turn[35].close();
  const Watched& successor = in_turn.emplace_back(loop_, 77, Told::input_in_turn, order_);
  ASSERT_EQ(successor.descriptor(), descriptor);
  EXPECT_THAT(turn(), ElementsAre(32, 33, 34, 36, 37, 38, 39));
  successor.send();
  EXPECT_THAT(turn(), ElementsAre(77));
}

TEST_F(ToldInTurn, a_new_owner_is_told_what_the_former_waited_for) {
  std::deque<Watched>& in_turn = watch(33, Told::input_in_turn);
  send_to_all(in_turn);
  turn();
  Watched heir(loop_, 77, Told::at_once, order_);
  loop_.hand_over(in_turn.back().descriptor(), heir);
  EXPECT_THAT(turn(), ElementsAre(77));
}

}  // namespace
}  // namespace fairlead::runtime
