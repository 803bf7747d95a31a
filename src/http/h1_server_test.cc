#include "http/h1_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;

constexpr runtime::NetworkConditions kCalm{.min_delay = 1ms, .max_delay = 1ms, .cut = 0, .short_send = 0};
constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A server that answers every request with `body_`, `piece_` bytes at a time, and a client's bare descriptor.
class H1ServerTest : public testing::Test {
 protected:
  H1ServerTest() : H1ServerTest(kCalm) {}
  explicit H1ServerTest(const runtime::NetworkConditions& conditions)
      : loop_(1, conditions), listener_(loop_.listen(address_.get(), address_.size)) {
    client_ = loop_.connect(address_.get(), address_.size).descriptor;
    loop_.run_for(5ms);
    tasks_.start(serve(loop_.accept(listener_).descriptor));
  }
  ~H1ServerTest() override {
    loop_.close(client_, true);
    loop_.run_for(1h);
    loop_.close(listener_, false);
    EXPECT_EQ(tasks_.size(), 0U);
    EXPECT_EQ(loop_.open_descriptors(), 0U);
  }

  void send(std::string_view text) {
    std::string bytes(text);
    const iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    ASSERT_EQ(loop_.send(client_, std::span(&piece, 1)).count, text.size());
  }
  // What the client can read now; `last_` says how that ended.
  std::string receive() {
    std::string got;
    std::string room(1000, '\0');
    while (true) {
      last_ = loop_.receive(client_, room);
      if (!last_.ok() || last_.count == 0) return got;
      got.append(room, 0, last_.count);
    }
  }
  // The client reads so many bytes after each pause, so many times.
  void take(std::size_t bytes, Duration pause, int times) {
    std::string room(bytes, '\0');
    for (int time = 0; time < times; ++time) {
      loop_.run_for(pause);
      loop_.receive(client_, room);
    }
  }
  runtime::Task<void> serve(int descriptor) {
    H1Server server(loop_, descriptor, workspace_, options_);
    server_ = &server;
    while (true) {
      if (!server.expect_request() && !co_await with_result(server.idle())) break;
      const Result<bool> read = co_await server.read_request().result();
      if (!read || !*read) break;
      ++requests_;
      while (server.is_receiving()) {
        const Result<BodyPart> part = co_await server.read_body(taker_).result();
        if (part) {
          parts_.push_back(part->data.size());
          continue;
        }
        failure_ = part.error().code;
        was_too_slow_ = server.was_too_slow();
        co_return;
      }
      server.begin_head(200, "OK");
      std::string_view left = body_;
      std::string_view piece = left.substr(0, piece_);
      left.remove_prefix(piece.size());
      Result<void> sent = co_await server.send_head({framing_, body_.size()}, {piece, left.empty()}).result();
      while (sent && !left.empty()) {
        piece = left.substr(0, piece_);
        left.remove_prefix(piece.size());
        sent = co_await server.send_body({piece, left.empty()}, {}).result();
      }
      if (!sent) {
        failure_ = sent.error().code;
        was_too_slow_ = server.was_too_slow();
        break;
      }
      if (!server.can_continue()) break;
    }
    co_await server.close_gently();
  }

  runtime::SimulatedLoop loop_;
  net::SocketAddress address_ = *net::numeric_address("10.0.0.1", 80);
  Workspace workspace_;
  H1ServerOptions options_{
      .header_timeout = 2s, .body_idle = 2s, .keepalive = 10s, .header_size = 8192, .min_rate = 100};
  std::string body_ = std::string(20'000, 'b');
  std::size_t piece_ = std::string::npos;
  Framing framing_ = Framing::length;
  runtime::TaskGroup tasks_{loop_};
  H1Server* server_ = nullptr;
  const Taker* taker_ = nullptr;    // of the requests' bodies
  std::vector<std::size_t> parts_;  // their sizes
  int requests_ = 0;
  std::optional<ErrorCode> failure_;
  bool was_too_slow_ = false;
  int listener_ = -1;
  int client_ = -1;
  runtime::IoResult last_;
};

TEST_F(H1ServerTest, a_request_that_meets_a_drained_connection_does_not_take_the_last_answer_away) {
  send(kRequest);
  loop_.run_for(10ms);
  server_->stop_when_idle();
  loop_.run_for(100us);
  send(kRequest);  // the client has not seen the end yet, and has read nothing so far
  loop_.run_for(10ms);
  EXPECT_TRUE(receive().ends_with(body_));
  EXPECT_TRUE(last_.ok());
  EXPECT_EQ(requests_, 1);
}

// Whose server takes sixteen bytes at once.
struct SlowTaker final : Taker {
  std::size_t most_to_send() const override { return 16; }
};

TEST_F(H1ServerTest, receives_no_more_of_an_upload_at_once_than_its_taker_takes) {
  const SlowTaker taker;
  taker_ = &taker;
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
  loop_.run_for(10ms);
  send(std::string(100, 'u'));
  loop_.run_for(10ms);
  EXPECT_EQ(std::accumulate(parts_.begin(), parts_.end(), std::size_t{0}), 100U);
  EXPECT_LE(*std::ranges::max_element(parts_), 16U);
  EXPECT_TRUE(receive().ends_with(body_));
}

TEST_F(H1ServerTest, a_new_connection_has_its_first_request_served_while_draining) {
  server_->stop_when_idle();
  loop_.run_for(5ms);
  EXPECT_EQ(tasks_.size(), 1U);
  send(kRequest);
  loop_.run_for(10ms);
  EXPECT_TRUE(receive().ends_with(body_));
  EXPECT_TRUE(last_.ok());  // and its end
  EXPECT_EQ(requests_, 1);
}

TEST_F(H1ServerTest, a_connection_that_was_idle_for_long_is_closed_at_once) {
  send(kRequest);
  loop_.run_for(5s);
  server_->stop_when_idle();
  loop_.run_for(5ms);
  EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(H1ServerTest, a_client_has_its_time_between_two_requests_and_no_more) {
  send(kRequest);
  loop_.run_for(9s);
  EXPECT_EQ(tasks_.size(), 1U);
  loop_.run_for(2s);
  EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(H1ServerTest, pipelined_requests_are_answered_one_after_the_other) {
  send(std::string(kRequest) + std::string(kRequest));
  loop_.run_for(20ms);
  EXPECT_EQ(requests_, 2);
  EXPECT_TRUE(receive().ends_with(body_));
  EXPECT_TRUE(last_.would_block());
}

TEST_F(H1ServerTest, a_client_that_asked_for_the_end_gets_it_behind_its_answer) {
  send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  loop_.run_for(10ms);
  EXPECT_TRUE(receive().ends_with(body_));
  EXPECT_TRUE(last_.ok()) << "the end has come";
  EXPECT_EQ(tasks_.size(), 0U) << "nobody waits for what the client might still send";
}

// The kernel takes a part of every answer; for the rest it waits until the client has read.
class H1ServerWithLittleRoom : public H1ServerTest {
 protected:
  H1ServerWithLittleRoom()
      : H1ServerTest({.min_delay = 1ms, .max_delay = 1ms, .socket_buffer = 100, .cut = 0, .short_send = 0}) {
    body_ = std::string(200, 'b');
  }
  std::string receive_all(std::size_t size) {
    std::string got;
    for (int turn = 0; turn < 100 && got.size() < size; ++turn) {
      got += receive();
      loop_.run_for(10ms);
    }
    return got;
  }
};

TEST_F(H1ServerWithLittleRoom, an_idle_client_gets_the_rest_of_its_answer) {
  send(kRequest);
  EXPECT_TRUE(receive_all(240).ends_with(body_));
  send(kRequest);
  EXPECT_TRUE(receive_all(240).ends_with(body_)) << "the connection serves on";
  EXPECT_EQ(requests_, 2);
}

TEST_F(H1ServerWithLittleRoom, the_next_request_waits_for_the_rest_of_the_answer_before) {
  send(std::string(kRequest) + std::string(kRequest));
  loop_.run_for(100ms);
  EXPECT_EQ(requests_, 1);
  EXPECT_EQ(receive_all(480).size(), 480U);
  EXPECT_EQ(requests_, 2);
}

TEST_F(H1ServerWithLittleRoom, the_last_answer_is_whole_before_the_connection_ends) {
  send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(receive_all(1000).ends_with(body_));
  EXPECT_TRUE(last_.ok()) << "the end has come";
}

TEST_F(H1ServerWithLittleRoom, a_client_that_does_not_take_the_rest_is_given_up) {
  send(kRequest);
  loop_.run_for(20ms);
  EXPECT_EQ(tasks_.size(), 1U);
  loop_.run_for(3s);
  EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(H1ServerTest, behind_as_many_pipelined_requests_as_it_may_send_a_client_is_closed) {
  options_.pipelined = 3;
  body_ = "b";
  const auto burst = [&](int requests) {
    std::string text;
    while (requests-- > 0) text += kRequest;
    send(text);
    loop_.run_for(20ms);
  };
  burst(3);  // Two of them in a row are ahead of an answer.
  burst(3);
  EXPECT_EQ(requests_, 6);
  EXPECT_FALSE(receive().contains("Connection: close"));
  burst(5);
  EXPECT_EQ(requests_, 10);
  EXPECT_TRUE(receive().contains("Connection: close"));
  loop_.run_for(5s);
  EXPECT_EQ(tasks_.size(), 0U);
}

// What it has sent ahead is more than is read for its sake, so that closing at once would be a reset.
TEST_F(H1ServerTest, a_client_that_sent_very_much_ahead_has_time_to_read_its_last_answer) {
  options_.pipelined = 1;
  body_ = "b";
  std::string burst;
  while (burst.size() < 20'000) burst += kRequest;
  std::size_t sent = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const iovec piece{.iov_base = burst.data(), .iov_len = burst.size()};
    const runtime::IoResult taken = loop_.send(client_, std::span(&piece, 1));
    if (taken.ok()) sent += taken.count;
    loop_.run_for(10ms);
  }
  EXPECT_GT(sent, 256U * 1024);
  EXPECT_EQ(tasks_.size(), 1U);
  EXPECT_TRUE(receive().contains("Connection: close"));
  EXPECT_TRUE(last_.ok()) << "its end, and no reset";
  loop_.run_for(2s);
  EXPECT_EQ(tasks_.size(), 0U) << "but no more time than that";
}

TEST_F(H1ServerTest, a_head_that_comes_too_slowly_ends_the_connection) {
  send("GET / HT");
  loop_.run_for(1900ms);
  EXPECT_EQ(tasks_.size(), 1U);
  loop_.run_for(3s);
  EXPECT_EQ(tasks_.size(), 0U);
  EXPECT_EQ(requests_, 0);
}

TEST_F(H1ServerTest, a_body_that_trickles_is_cut_about_when_a_silent_one_would_be) {
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
  for (int half = 0; half < 3; ++half) {
    loop_.run_for(500ms);
    send("x");
  }
  EXPECT_FALSE(failure_);
  loop_.run_for(1s);
  EXPECT_EQ(failure_, ErrorCode::request_timeout);
  EXPECT_TRUE(was_too_slow_);
}

TEST_F(H1ServerTest, a_body_at_the_least_rate_is_waited_for_however_long_it_takes) {
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n");
  for (int second = 0; second < 30; ++second) {
    loop_.run_for(1s);
    send(std::string(100, 'x'));
  }
  loop_.run_for(100ms);
  EXPECT_FALSE(failure_);
  EXPECT_TRUE(receive().ends_with(body_));
}

TEST_F(H1ServerTest, a_client_that_takes_its_answer_too_slowly_is_cut) {
  body_.resize(300'000, 'b');
  send(kRequest);
  take(1, 500ms, 5);
  EXPECT_EQ(failure_, ErrorCode::client_gone);
  EXPECT_TRUE(was_too_slow_);
}

TEST_F(H1ServerTest, small_pieces_of_an_answer_earn_no_time_of_their_own) {
  body_.resize(300'000, 'b');
  piece_ = 100;
  send(kRequest);
  take(50, 1s, 6);
  EXPECT_EQ(failure_, ErrorCode::client_gone);
  EXPECT_TRUE(was_too_slow_);
}

TEST_F(H1ServerTest, nor_do_its_chunks) {
  body_.resize(300'000, 'b');
  piece_ = 100;
  framing_ = Framing::chunked;
  send(kRequest);
  take(53, 1s, 12);  // half of a chunk with its framing: each wait begins where a chunk does
  EXPECT_EQ(failure_, ErrorCode::client_gone);
  EXPECT_TRUE(was_too_slow_);
}

TEST_F(H1ServerTest, an_answer_in_small_pieces_is_taken_at_the_least_rate_however_long_that_takes) {
  body_.resize(70'000, 'b');
  piece_ = 100;
  send(kRequest);
  std::string room(300, '\0');
  // Read in steps that are far longer than a piece would be waited for.
  for (int step = 0; step < 30; ++step) {
    loop_.run_for(1900ms);
    EXPECT_EQ(loop_.receive(client_, room).count, 300U);
  }
  EXPECT_FALSE(failure_);
}

TEST_F(H1ServerTest, a_client_that_takes_its_answer_at_the_least_rate_is_not_cut) {
  body_.resize(70'000, 'b');
  send(kRequest);
  std::string room(150, '\0');
  for (int second = 0; second < 60; ++second) {
    loop_.run_for(1s);
    EXPECT_EQ(loop_.receive(client_, room).count, 150U);
  }
  EXPECT_FALSE(failure_);
}

}  // namespace
}  // namespace fairlead::http
