// Many messages at once over real sockets: together through the kernel's queue, and one by one where it has none.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "runtime/epoll/epoll_loop.h"
#include "runtime/epoll/send_ring.h"

namespace fairlead::runtime {
namespace {

// Two connected sockets. Neither blocks.
class Pair {
 public:
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  Pair(Pair&& other) noexcept : ends_(std::exchange(other.ends_, {-1, -1})) {}
  Pair& operator=(Pair&&) = delete;
  ~Pair() {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }

  int near_end() const { return ends_[0]; }
  void close_far_end() { ::close(std::exchange(ends_[1], -1)); }
  std::string arrived() const {
    std::string bytes(1 << 20, '\0');
    const ssize_t count = ::recv(ends_[1], bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  void fill() const {
    const std::string bytes(1 << 16, 'f');
    while (::send(near_end(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

class SendEach : public testing::TestWithParam<Sending> {
 protected:
  void SetUp() override {
    if (GetParam() == Sending::together && SendRing::open() == nullptr) GTEST_SKIP() << "no io_uring here";
  }
  // Sends `texts` over that many pairs.
  std::vector<IoResult> send(const std::vector<std::string>& texts) {
    std::vector<Outgoing> messages;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      messages.push_back({.descriptor = pairs_[i].near_end(), .bytes = texts[i]});
    }
    loop_.send_each(messages);
    std::vector<IoResult> results;
    results.reserve(messages.size());
    for (const Outgoing& message : messages) results.push_back(message.result);
    return results;
  }

  EpollLoop loop_{GetParam()};
  std::vector<Pair> pairs_;
};

INSTANTIATE_TEST_SUITE_P(Ways, SendEach, testing::Values(Sending::together, Sending::one_by_one),
                         [](const testing::TestParamInfo<Sending>& info) {
                           return info.param == Sending::together ? "together" : "one_by_one";
                         });

TEST_P(SendEach, each_message_arrives_at_its_socket_also_where_there_are_more_than_fit_the_queue) {
  std::vector<std::string> texts;
  for (int number = 0; number < 300; ++number) texts.push_back("message " + std::to_string(number));
  pairs_.resize(texts.size());
  for (int round = 0; round < 3; ++round) {
    const std::vector<IoResult> results = send(texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_TRUE(results[i].ok());
      EXPECT_EQ(results[i].count, texts[i].size());
      EXPECT_EQ(pairs_[i].arrived(), texts[i]);
    }
  }
}

TEST_P(SendEach, a_socket_that_takes_nothing_holds_up_none_of_the_others) {
  pairs_.resize(8);
  pairs_[3].fill();
  const std::vector<IoResult> results = send(std::vector<std::string>(8, "x"));
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].would_block(), i == 3);
    if (i != 3) EXPECT_EQ(pairs_[i].arrived(), "x");
  }
}

TEST_P(SendEach, of_a_message_that_does_not_fit_a_part_is_taken) {
  pairs_.resize(5);
  std::vector<std::string> texts(5, "x");
  texts[2] = std::string(4 << 20, 'y');
  const std::vector<IoResult> results = send(texts);
  EXPECT_TRUE(results[2].ok());
  EXPECT_GT(results[2].count, 0U);
  EXPECT_LT(results[2].count, texts[2].size());
  EXPECT_EQ(results[4].count, 1U);
}

TEST_P(SendEach, a_peer_that_has_gone_is_an_error_of_its_message_alone) {
  pairs_.resize(5);
  pairs_[0].close_far_end();
  const std::vector<IoResult> results = send(std::vector<std::string>(5, "x"));
  EXPECT_EQ(results[0].error, EPIPE);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(pairs_[i].arrived(), "x");
}

TEST(SendEachWithoutRing, messages_leave_one_by_one_where_the_system_gives_no_queue) {
  EpollLoop loop;
  std::vector<Pair> pairs(8);
  std::vector<Outgoing> messages;
  for (const Pair& pair : pairs) messages.push_back({.descriptor = pair.near_end(), .bytes = std::string_view("x")});

  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit none_left{.rlim_cur = 0, .rlim_max = files.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  EXPECT_EQ(SendRing::open(), nullptr);
  loop.send_each(messages);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);

  for (const Pair& pair : pairs) EXPECT_EQ(pair.arrived(), "x");
}

}  // namespace
}  // namespace fairlead::runtime
