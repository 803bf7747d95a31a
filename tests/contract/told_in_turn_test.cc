// Who is told when more is ready than a turn has room for, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "runtime/epoll/epoll_loop.h"

namespace fairlead::runtime {
namespace {

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
  void on_ready(Readiness readiness) override {
    heard = readiness;
    if (readiness.readable) order_.push_back(name_);
  }

  Readiness heard;

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
    std::deque<Watched>& group = told == Told::in_turn ? in_turn_ : at_once_;
    for (std::size_t number = 0; number < count; ++number)
      group.emplace_back(loop_, static_cast<int>(group.size()) + (told == Told::at_once ? kAtOnce : 0), told, order_);
    turn(count);
    return group;
  }
  static void send_to_all(const std::deque<Watched>& group) {
    for (const Watched& watched : group) watched.send();
  }
  // What was told in so many turns.
  std::vector<int> turn(std::size_t times = 1) {
    order_.clear();
    // Whoever watches nothing that is ready would wait for ever.
    bell_.send();
    for (std::size_t time = 0; time < times; ++time) {
      bell_.send();
      loop_.turn();
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
  send_to_all(watch(80, Told::in_turn));
  EXPECT_EQ(turn(), from_to(0, 31));
  EXPECT_EQ(turn(), from_to(32, 63));
  EXPECT_EQ(turn(), from_to(64, 79));
  EXPECT_THAT(turn(), IsEmpty());
}

TEST_F(ToldInTurn, the_loop_does_not_wait_while_somebody_has_to_be_told) {
  send_to_all(watch(80, Told::in_turn));
  turn();
  order_.clear();
  loop_.turn();  // Nothing becomes ready any more, and no timer runs.
  loop_.turn();
  EXPECT_EQ(order_, from_to(32, 79));
}

TEST_F(ToldInTurn, what_is_told_at_once_comes_before_those_that_wait) {
  const std::deque<Watched>& in_turn = watch(80, Told::in_turn);
  const std::deque<Watched>& at_once = watch(2, Told::at_once);
  send_to_all(in_turn);
  turn();
  send_to_all(at_once);
  EXPECT_EQ(turn(), from_to(32, 63, {kAtOnce, kAtOnce + 1}));
}

TEST_F(ToldInTurn, where_many_are_told_at_once_the_others_get_half_as_many_turns) {
  const std::deque<Watched>& in_turn = watch(80, Told::in_turn);
  const std::deque<Watched>& at_once = watch(119, Told::at_once);
  send_to_all(at_once);
  send_to_all(in_turn);
  EXPECT_EQ(turn(), from_to(0, 59, from_to(kAtOnce, kAtOnce + 118))) << "119 and the bell";
}

TEST_F(ToldInTurn, all_that_came_while_waiting_is_told_together) {
  const std::deque<Watched>& in_turn = watch(33, Told::in_turn);
  send_to_all(in_turn);
  turn();
  EXPECT_FALSE(in_turn.back().heard.readable);
  in_turn.back().end();
  EXPECT_THAT(turn(), ElementsAre(32));
  EXPECT_TRUE(in_turn.back().heard.hung_up);
  EXPECT_THAT(turn(), IsEmpty());
}

TEST_F(ToldInTurn, who_left_while_waiting_is_told_nothing_and_neither_is_its_successor) {
  std::deque<Watched>& in_turn = watch(40, Told::in_turn);
  send_to_all(in_turn);
  turn();
  const int descriptor = in_turn[35].descriptor();
  in_turn[35].close();
  const Watched& successor = in_turn.emplace_back(loop_, 77, Told::in_turn, order_);
  ASSERT_EQ(successor.descriptor(), descriptor);
  EXPECT_THAT(turn(), ElementsAre(32, 33, 34, 36, 37, 38, 39));
  successor.send();
  EXPECT_THAT(turn(), ElementsAre(77));
}

TEST_F(ToldInTurn, a_new_owner_is_told_what_the_former_waited_for) {
  std::deque<Watched>& in_turn = watch(33, Told::in_turn);
  send_to_all(in_turn);
  turn();
  Watched heir(loop_, 77, Told::at_once, order_);
  loop_.hand_over(in_turn.back().descriptor(), heir);
  EXPECT_THAT(turn(), ElementsAre(77));
}

}  // namespace
}  // namespace fairlead::runtime
