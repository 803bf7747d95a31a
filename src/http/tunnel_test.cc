#include "http/tunnel.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;

constexpr runtime::NetworkConditions kCalm{
    .min_delay = 1ms, .max_delay = 1ms, .socket_buffer = 4096, .cut = 0, .short_send = 0, .late_news = 0};
constexpr Duration kIdle = 10s;
constexpr std::string_view kHello = "\x81\x05hello";

// A tunnel between two peers that the test plays with plain calls.
class TunnelTest : public testing::Test, private TunnelOwner {
 protected:
  enum Peer : std::uint8_t { client, server };

  TunnelTest() {
    for (int& peer : peers_) {
      peer = loop_.connect(address_.get(), address_.size).descriptor;
      run_for(5ms);
      accepted_.push_back(loop_.accept(listener_).descriptor);
    }
  }
  ~TunnelTest() override {
    tunnel_.reset();
    for (const int peer : peers_)
      if (peer >= 0) loop_.close(peer, false);
    loop_.close(listener_, false);
    run_for(1s);
    EXPECT_EQ(loop_.open_descriptors(), 0U);
  }

  void open(std::string_view unread_from_client = {}, std::string_view unread_from_server = {}) {
    TunnelOwner& owner = *this;
    tunnel_ = std::make_unique<Tunnel>(
        Transport{.connection = net::Connection(loop_, accepted_[client]), .unread = unread_from_client},
        Transport{.connection = net::Connection(loop_, accepted_[server]), .unread = unread_from_server},
        Tunnel::Agreement{.protocol = "websocket", .idle = kIdle}, scratch_, owner);
    run_for(5ms);
  }
  void run_for(Duration time) { loop_.run_until(loop_.now() + time); }
  std::size_t say(Peer peer, std::string_view text) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    const std::size_t count = loop_.send(peers_[peer], {&piece, 1}).count;
    run_for(5ms);
    return count;
  }
  // What has come, at most `most` bytes of it; `heard_end_` says whether the end came too.
  std::string heard_by(Peer peer, std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    std::size_t size = 0;
    while (size < most) {
      const runtime::IoResult got = loop_.receive(peers_[peer], std::span(text).subspan(size));
      heard_end_ = got.ok() && got.count == 0;
      if (!got.ok() || got.count == 0) break;
      size += got.count;
    }
    text.resize(size);
    run_for(5ms);
    return text;
  }
  bool is_open() const { return !outcome_.has_value(); }

  runtime::SimulatedLoop loop_{1, kCalm};
  net::SocketAddress address_ = *net::numeric_address("10.0.0.1", 80);
  int listener_ = loop_.listen(address_.get(), address_.size);
  std::array<int, 2> peers_{};
  std::vector<int> accepted_;
  net::Scratch scratch_{std::size_t{256} * 1024};
  std::unique_ptr<Tunnel> tunnel_;
  std::optional<Result<void>> outcome_;
  bool heard_end_ = false;

 private:
  void on_tunnel_end(const Result<void>& outcome) override {
    outcome_ = outcome;
    tunnel_.reset();
  }
};

TEST_F(TunnelTest, carries_bytes_both_ways_and_counts_them) {
  open();
  say(client, "ping!");
  EXPECT_EQ(heard_by(server), "ping!");
  say(server, "pong");
  EXPECT_EQ(heard_by(client), "pong");
  EXPECT_EQ(tunnel_->bytes_from_client(), 5U);
  EXPECT_EQ(tunnel_->bytes_from_server(), 4U);
}

TEST_F(TunnelTest, what_came_with_the_heads_goes_first) {
  say(client, " later");
  open("early", "greeting");
  EXPECT_EQ(heard_by(server), "early later");
  EXPECT_EQ(heard_by(client), "greeting");
}

TEST_F(TunnelTest, the_end_of_one_side_leaves_the_other_direction_open) {
  open();
  loop_.shutdown_send(peers_[client]);
  run_for(5ms);
  EXPECT_EQ(heard_by(server), "");
  EXPECT_TRUE(heard_end_);
  say(server, "still here");
  EXPECT_EQ(heard_by(client), "still here");
  EXPECT_TRUE(is_open());
  loop_.shutdown_send(peers_[server]);
  run_for(5ms);
  ASSERT_FALSE(is_open());
  EXPECT_TRUE(outcome_->has_value());
}

TEST_F(TunnelTest, a_side_that_breaks_off_is_named) {
  open();
  loop_.close(std::exchange(peers_[server], -1), true);
  run_for(5ms);
  ASSERT_FALSE(is_open());
  EXPECT_EQ(outcome_->error().code, ErrorCode::reset_mid_response);
}

TEST_F(TunnelTest, nothing_is_read_that_the_other_side_does_not_take) {
  open();
  std::size_t given = 0;
  while (const std::size_t count = say(server, std::string(1000, 's'))) given += count;
  // The buffers of both connections, and one piece between them.
  EXPECT_LT(given, 5U * 4096);
  std::size_t heard = 0;
  while (heard < given) {
    const std::string text = heard_by(client, 500);
    ASSERT_FALSE(text.empty());
    heard += text.size();
  }
  EXPECT_TRUE(is_open());
}

TEST_F(TunnelTest, ends_when_nothing_moves) {
  open();
  run_for(kIdle - 1s);
  say(client, "x");
  run_for(kIdle - 1s);
  EXPECT_TRUE(is_open());
  run_for(2s);
  ASSERT_FALSE(is_open());
  EXPECT_EQ(outcome_->error().code, ErrorCode::response_timeout);
}

TEST_F(TunnelTest, a_slow_reader_is_no_idle_one) {
  open();
  while (say(server, std::string(1000, 's')) > 0) continue;
  for (int second = 0; second < 30; ++second) {
    EXPECT_EQ(heard_by(client, 50).size(), 50U);
    run_for(1s);
  }
  EXPECT_TRUE(is_open());
}

TEST_F(TunnelTest, a_reader_that_has_stopped_is_an_idle_one) {
  open();
  while (say(server, std::string(1000, 's')) > 0) continue;
  run_for(3 * kIdle);
  EXPECT_FALSE(is_open());
}

TEST_F(TunnelTest, says_goodbye_between_frames_only) {
  open();
  say(client, kHello);
  say(server, kHello.substr(0, 3));
  tunnel_->say_goodbye();
  run_for(5ms);
  EXPECT_EQ(heard_by(server), std::string(kHello) + std::string(going_away_from_client()));
  EXPECT_TRUE(heard_end_);
  EXPECT_EQ(heard_by(client), kHello.substr(0, 3));
  EXPECT_FALSE(heard_end_);
}

}  // namespace
}  // namespace fairlead::http
