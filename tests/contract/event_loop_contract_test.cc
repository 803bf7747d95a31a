// What every event loop must do, over the kernel's sockets and over the simulated network.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/listening_socket.h"
#include "net/socket_address.h"
#include "runtime/epoll/epoll_loop.h"
#include "runtime/pipe.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::runtime {
namespace {

using namespace std::chrono_literals;

// Remembers what the loop told it.
struct Ear final : EventSource {
  void on_ready(Readiness readiness) override {
    ++calls;
    heard.readable |= readiness.readable;
    heard.writable |= readiness.writable;
    heard.hung_up |= readiness.hung_up;
    heard.failed |= readiness.failed;
  }
  int calls = 0;
  Readiness heard;
};

struct Guard final : Timer {
  void on_timer() override { is_over = true; }
  bool is_over = false;
};

// A loop with one listening socket, and an address where nobody listens.
struct EpollNetwork {
  EpollNetwork() {
    listener = listen();
    const int gone = listen(&nobody);
    loop.close(gone, false);
  }
  ~EpollNetwork() { loop.close(listener, false); }
  int listen(net::SocketAddress* where = nullptr) {
    net::SocketAddress& address = where == nullptr ? home : *where;
    const int socket = net::open_listening_sockets({.host = "127.0.0.1"}, 1).value().front();
    address.size = sizeof address.storage;
    EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size), 0);
    return socket;
  }

  static constexpr Told kTold = Told::at_once;
  EpollLoop loop;
  net::SocketAddress home;
  net::SocketAddress nobody;
  int listener = -1;
};

struct EpollInTurn : EpollNetwork {
  static constexpr Told kTold = Told::input_in_turn;
};

struct SimulatedNetwork {
  SimulatedNetwork() : listener(loop.listen(home.get(), home.size)) {}
  ~SimulatedNetwork() { loop.close(listener, false); }

  static constexpr Told kTold = Told::at_once;
  SimulatedLoop loop{1};
  net::SocketAddress home = *net::numeric_address("10.0.0.1", 80);
  net::SocketAddress nobody = *net::numeric_address("10.0.0.2", 80);
  int listener = -1;
};

template <typename Network>
class EventLoopContract : public testing::Test {
 protected:
  // Turns the loop until `condition`; false where that does not come.
  bool until(std::move_only_function<bool()> condition, Duration patience = 5s) {
    Guard guard;
    loop().timers().set(guard, loop().now() + patience);
    while (!condition() && !guard.is_over) loop().turn();
    TimerWheel::cancel(guard);
    return condition();
  }
  // Lets everything happen that still can.
  void settle() {
    static_cast<void>(until([] { return false; }, 30ms));
  }
  EventLoop& loop() { return network_.loop; }
  void watch(int descriptor, EventSource& source) { loop().watch(descriptor, source, Network::kTold); }
  // Two connected descriptors, watched by `near_` and `far_`.
  void connect() {
    Ear waiting;
    watch(network_.listener, waiting);
    near_end_ = loop().connect(network_.home.get(), network_.home.size).descriptor;
    watch(near_end_, near_);
    ASSERT_TRUE(until([&] { return near_.heard.writable && waiting.heard.readable; }));
    ASSERT_EQ(loop().connect_error(near_end_), 0);
    far_end_ = loop().accept(network_.listener).descriptor;
    ASSERT_GE(far_end_, 0);
    watch(far_end_, far_);
    loop().unwatch(network_.listener);
    settle();
    near_ = Ear();
    far_ = Ear();
  }
  void send(int descriptor, std::string text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const iovec piece{.iov_base = text.data() + sent, .iov_len = text.size() - sent};
      const IoResult result = loop().send(descriptor, std::span(&piece, 1));
      ASSERT_TRUE(result.ok());
      sent += result.count;
    }
  }
  IoResult receive(int descriptor) {
    std::string room(100, '\0');
    const IoResult result = loop().receive(descriptor, room);
    got_.append(room, 0, result.count);
    return result;
  }
  void close(int descriptor, bool reset = false) { loop().close(descriptor, reset); }

  Network network_;
  Ear near_;
  Ear far_;
  int near_end_ = -1;
  int far_end_ = -1;
  std::string got_;
};

struct NetworkNames {
  template <typename Network>
  static std::string GetName(int) {
    if (std::is_same_v<Network, EpollInTurn>) return "epoll_in_turn";
    return std::is_same_v<Network, EpollNetwork> ? "epoll" : "simulated";
  }
};
using Networks = testing::Types<EpollNetwork, EpollInTurn, SimulatedNetwork>;
TYPED_TEST_SUITE(EventLoopContract, Networks, NetworkNames);

TYPED_TEST(EventLoopContract, what_is_sent_arrives_and_is_told) {
  this->connect();
  EXPECT_TRUE(this->receive(this->far_end_).would_block());
  this->send(this->near_end_, "hello");
  EXPECT_TRUE(this->until([&] {
    if (this->far_.heard.readable) static_cast<void>(this->receive(this->far_end_));
    return this->got_ == "hello";
  }));
  EXPECT_FALSE(this->far_.heard.hung_up);
  this->close(this->near_end_);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, a_pipe_moves_bytes_from_one_socket_to_another_in_order) {
  this->connect();
  std::unique_ptr<Pipe> pipe;
  while (pipe == nullptr) pipe = this->loop().open_pipe();  // The simulated system has none at times.
  EXPECT_TRUE(pipe->fill(this->far_end_, 100).would_block());

  std::string text;
  for (int number = 0; number < 2000; ++number) text += std::to_string(number) + " ";
  this->send(this->near_end_, text);
  this->loop().shutdown_send(this->near_end_);
  bool has_ended = false;
  const auto move = [&] {
    if (pipe->size() == 0) {
      const IoResult filled = pipe->fill(this->far_end_, 1000);
      has_ended = filled.ok() && filled.count == 0;
      EXPECT_LE(pipe->size(), 1000U);
    }
    const std::size_t before = pipe->size();
    if (before == 0) return false;
    const IoResult drained = pipe->drain(this->far_end_);
    EXPECT_EQ(pipe->size(), before - drained.count);
    return drained.count > 0;
  };
  EXPECT_TRUE(this->until([&] {
    while (!has_ended && move()) {
    }
    while (this->receive(this->near_end_).count > 0) {
    }
    return has_ended && this->got_.size() >= text.size();
  }));
  EXPECT_EQ(this->got_, text);
  this->close(this->near_end_);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, readiness_is_told_once_for_what_arrived_once) {
  this->connect();
  this->send(this->near_end_, "x");
  this->settle();
  EXPECT_EQ(this->far_.calls, 1);
  this->settle();
  EXPECT_EQ(this->far_.calls, 1);
  this->close(this->near_end_);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, what_was_sent_before_the_end_is_read_before_the_end) {
  this->connect();
  this->send(this->near_end_, "bye");
  this->loop().shutdown_send(this->near_end_);
  ASSERT_TRUE(this->until([&] { return this->far_.heard.hung_up; }));
  IoResult result = this->receive(this->far_end_);
  while (result.ok() && result.count > 0) result = this->receive(this->far_end_);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(this->got_, "bye");
  EXPECT_FALSE(this->far_.heard.failed);
  // The other direction is still open.
  this->send(this->far_end_, "ok");
  EXPECT_TRUE(this->until([&] { return this->near_.heard.readable; }));
  this->close(this->near_end_);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, a_reset_is_told_and_ends_both_directions) {
  this->connect();
  this->close(this->near_end_, true);
  ASSERT_TRUE(this->until([&] { return this->far_.heard.failed; }));
  EXPECT_EQ(this->receive(this->far_end_).error, ECONNRESET);
  char byte = 'x';
  const iovec one{.iov_base = &byte, .iov_len = 1};
  EXPECT_FALSE(this->loop().send(this->far_end_, std::span(&one, 1)).ok());
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, looking_for_input_takes_neither_bytes_nor_an_error) {
  this->connect();
  EXPECT_FALSE(this->loop().has_input(this->far_end_));
  this->send(this->near_end_, "x");
  EXPECT_TRUE(this->until([&] { return this->loop().has_input(this->far_end_); }));
  EXPECT_EQ(this->receive(this->far_end_).count, 1U);
  EXPECT_FALSE(this->loop().has_input(this->far_end_));
  this->close(this->near_end_, true);
  EXPECT_TRUE(this->until([&] { return this->loop().has_input(this->far_end_); }));
  EXPECT_EQ(this->receive(this->far_end_).error, ECONNRESET);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, closing_with_unread_bytes_resets) {
  this->connect();
  this->send(this->far_end_, "unread");
  ASSERT_TRUE(this->until([&] { return this->near_.heard.readable; }));
  this->close(this->near_end_);
  EXPECT_TRUE(this->until([&] { return this->far_.heard.failed; }));
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, a_refused_connect_is_told_with_its_error) {
  const Accepted socket = this->loop().connect(this->network_.nobody.get(), this->network_.nobody.size);
  if (socket.descriptor < 0) {
    EXPECT_EQ(socket.error, ECONNREFUSED);
    return;
  }
  this->watch(socket.descriptor, this->near_);
  ASSERT_TRUE(this->until([&] { return this->near_.heard.writable; }));
  EXPECT_EQ(this->loop().connect_error(socket.descriptor), ECONNREFUSED);
  this->close(socket.descriptor);
}

TYPED_TEST(EventLoopContract, a_probe_finds_out_and_the_peer_never_hears_of_it) {
  // The kernel holds the last step back for 200 ms: a machine that stands still for longer may spoil a round.
  for (int round = 0; round < 3; ++round) {
    const int probe = this->loop().probe(-1, this->network_.home.get(), this->network_.home.size).descriptor;
    this->near_ = Ear();
    this->watch(probe, this->near_);
    ASSERT_TRUE(this->until([&] { return this->near_.heard.writable; }));
    EXPECT_FALSE(this->near_.heard.failed);
    EXPECT_EQ(this->loop().connect_error(probe), 0);
    EXPECT_TRUE(this->loop().end_probe(probe));
    this->settle();
    this->close(probe);
    const Accepted heard = this->loop().accept(this->network_.listener);
    if (heard.error == EAGAIN) return;
    this->close(heard.descriptor);
  }
  FAIL() << "the peer has heard of every probe";
}

TYPED_TEST(EventLoopContract, a_descriptor_is_probed_with_again_and_told_of_each_end) {
  int probe = -1;
  for (int round = 0; round < 3; ++round) {
    this->near_ = Ear();
    const int before =
        std::exchange(probe, this->loop().probe(probe, this->network_.home.get(), this->network_.home.size).descriptor);
    if (before < 0) this->watch(probe, this->near_);
    ASSERT_TRUE(before < 0 || probe == before);
    ASSERT_TRUE(this->until([&] { return this->near_.heard.writable; }));
    EXPECT_FALSE(this->near_.heard.failed);
    EXPECT_EQ(this->loop().connect_error(probe), 0);
    EXPECT_TRUE(this->loop().end_probe(probe));
    this->settle();
  }
  this->near_ = Ear();
  const Accepted refused = this->loop().probe(probe, this->network_.nobody.get(), this->network_.nobody.size);
  if (refused.descriptor >= 0) {
    ASSERT_TRUE(this->until([&] { return this->near_.heard.writable; }));
    EXPECT_TRUE(this->near_.heard.failed);
    EXPECT_EQ(this->loop().connect_error(probe), ECONNREFUSED);
  } else {
    EXPECT_EQ(refused.error, ECONNREFUSED);
  }
  this->close(probe);
}

TYPED_TEST(EventLoopContract, nobody_waits_at_a_listener_that_was_emptied) {
  EXPECT_EQ(this->loop().accept(this->network_.listener).error, EAGAIN);
}

TYPED_TEST(EventLoopContract, after_a_hand_over_the_new_owner_is_told_and_the_old_one_is_not) {
  this->connect();
  Ear next;
  this->loop().hand_over(this->far_end_, next);
  this->send(this->near_end_, "x");
  this->settle();
  EXPECT_TRUE(next.heard.readable);
  EXPECT_EQ(this->far_.calls, 0);
  this->close(this->near_end_);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, nothing_is_told_after_unwatch) {
  this->connect();
  this->loop().unwatch(this->far_end_);
  this->send(this->near_end_, "x");
  this->settle();
  EXPECT_EQ(this->far_.calls, 0);
  this->close(this->near_end_);
  this->close(this->far_end_);
}

TYPED_TEST(EventLoopContract, events_of_a_closed_descriptor_never_reach_its_successor) {
  this->connect();
  this->send(this->near_end_, "late");
  this->close(this->far_end_);
  Ear successor;
  const int next = this->loop().connect(this->network_.home.get(), this->network_.home.size).descriptor;
  this->watch(next, successor);
  this->settle();
  EXPECT_TRUE(successor.heard.writable);
  EXPECT_FALSE(successor.heard.readable);
  EXPECT_EQ(this->far_.calls, 0);
  this->close(this->near_end_);
  this->close(next);
}

TYPED_TEST(EventLoopContract, a_full_socket_takes_no_more_until_the_peer_reads) {
  this->connect();
  std::string block(64 * 1024, 'x');
  const iovec piece{.iov_base = block.data(), .iov_len = block.size()};
  std::size_t sent = 0;
  // The kernel moves bytes between two buffers: full is when it stays so.
  for (int refusals = 0; refusals < 3;) {
    const IoResult result = this->loop().send(this->near_end_, std::span(&piece, 1));
    if (result.would_block()) {
      ++refusals;
      this->settle();
    }
    sent += result.count;
  }
  EXPECT_LT(this->loop().send_room(this->near_end_), block.size());
  this->near_ = Ear();
  std::size_t read = 0;
  std::string room(256 * 1024, '\0');
  EXPECT_TRUE(this->until([&] {
    IoResult result = this->loop().receive(this->far_end_, room);
    while (result.ok() && result.count > 0) {
      read += result.count;
      result = this->loop().receive(this->far_end_, room);
    }
    return read == sent;
  }));
  EXPECT_TRUE(this->until([&] { return this->near_.heard.writable; }));
  EXPECT_GE(this->loop().send_room(this->near_end_), block.size());
  this->close(this->near_end_);
  this->close(this->far_end_);
}

struct Note final : Runnable {
  Note(std::vector<int>& order, int number) : order_(order), number_(number) {}
  void run() override { order_.push_back(number_); }

 private:
  std::vector<int>& order_;
  int number_;
};

TYPED_TEST(EventLoopContract, what_is_posted_runs_in_order_and_once) {
  std::vector<int> order;
  Note first(order, 1);
  Note second(order, 2);
  this->loop().post(first);
  this->loop().post(second);
  this->loop().post(first);
  this->settle();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

struct Alarm final : Timer {
  explicit Alarm(EventLoop& loop) : loop_(loop) {}
  void on_timer() override { rang = loop_.now(); }
  std::optional<TimePoint> rang;

 private:
  EventLoop& loop_;
};

TYPED_TEST(EventLoopContract, timers_are_never_early) {
  this->settle();
  for (const Duration wait : {Duration(1), Duration(1ms), Duration(5ms + 300us), Duration(17ms)}) {
    Alarm alarm(this->loop());
    const TimePoint due = this->loop().now() + wait;
    this->loop().timers().set(alarm, due);
    ASSERT_TRUE(this->until([&] { return alarm.rang.has_value(); }));
    EXPECT_GE(*alarm.rang, due);
  }
}

TEST(EpollLoopThreads, a_post_from_another_thread_wakes_the_loop) {
  EpollLoop loop;
  std::vector<int> order;
  std::thread other([&] {
    for (int number = 0; number < 1000; ++number) {
      loop.post_from_anywhere([&order, number] { order.push_back(number); });
    }
    loop.post_from_anywhere([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
  ASSERT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
}  // namespace fairlead::runtime
