#include "pool/keepalive_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "http/workspace.h"
#include "pool/test_servers.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

constexpr KeepaliveOptions kOptions{.idle = 4s, .max_idle = 2};
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class KeepaliveCacheTest : public testing::Test, private runtime::EventSource {
 protected:
  KeepaliveCacheTest() {
    listener_ = loop_.listen(address_.get(), address_.size);
    loop_.watch(listener_, *this);
  }
  ~KeepaliveCacheTest() override {
    for (const int peer : peers_) loop_.close(peer, false);
    loop_.close(listener_, false);
  }

  // A client that has had one exchange, with `answer`.
  std::unique_ptr<http::H1Client> used_client(std::string_view answer = kAnswer) {
    const int descriptor = loop_.connect(address_.get(), address_.size).descriptor;
    auto client = std::make_unique<http::H1Client>(loop_, descriptor, workspace_);
    bool is_done = false;
    const auto exchange = [&]() -> runtime::Task<void> {
      co_await client->connected(kNever);
      client->begin_head("GET", "/");
      co_await client->send_head({}, {});
      say(answer);
      static_cast<void>(co_await client->read_head(http::Method::get, kNever));
      static_cast<void>(co_await client->buffered_body());
      is_done = true;
    };
    tasks_.start(exchange());
    for (int turn = 0; turn < 1000 && tasks_.size() > 0; ++turn) run(1ms);
    EXPECT_TRUE(is_done);
    return client;
  }
  void run(Duration time) { loop_.run_until(loop_.now() + time); }
  // The server sends on its newest connection.
  void say(std::string_view text) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    ASSERT_EQ(loop_.send(peers_.back(), {&piece, 1}).count, text.size());
  }
  void hang_up() {
    loop_.close(peers_.back(), false);
    peers_.pop_back();
  }

  // Without chance, so that every age is known to a few milliseconds.
  runtime::SimulatedLoop loop_{1, {.min_delay = 1ms, .max_delay = 1ms, .cut = 0, .short_send = 0}};
  http::Workspace workspace_;
  runtime::TaskGroup tasks_{loop_};
  TestServers servers_{1};
  std::shared_ptr<telemetry::Counter> surplus_ = std::make_shared<telemetry::Counter>();
  KeepaliveCache cache_{servers_[0], surplus_};
  std::vector<int> peers_;

 private:
  void on_ready(runtime::Readiness /*readiness*/) override {
    const runtime::Accepted accepted = loop_.accept(listener_);
    if (accepted.descriptor >= 0) peers_.push_back(accepted.descriptor);
  }

  net::SocketAddress address_ = *net::numeric_address("10.0.0.1", 3000);
  int listener_ = -1;
};

TEST_F(KeepaliveCacheTest, a_connection_with_a_preface_serves_only_the_same_preface_again) {
  auto plain = used_client();
  auto alice = used_client();
  alice->set_preface("alice");
  const http::H1Client* hers = alice.get();
  cache_.put(std::move(alice), nullptr, kOptions);
  cache_.put(std::move(plain), nullptr, kOptions);
  EXPECT_EQ(cache_.take(nullptr, "bob").client, nullptr);
  const auto again = cache_.take(nullptr, "alice");
  EXPECT_EQ(again.client.get(), hers);
  EXPECT_EQ(cache_.take(nullptr, "alice").client, nullptr);
  EXPECT_NE(cache_.take(nullptr).client, nullptr);
}

TEST_F(KeepaliveCacheTest, gives_up_the_oldest_when_descriptors_are_short) {
  cache_.put(used_client(), nullptr, kOptions);
  cache_.put(used_client(), nullptr, kOptions);
  EXPECT_TRUE(cache_.close_one());
  EXPECT_EQ(cache_.size(), 1U);
  EXPECT_TRUE(cache_.close_one());
  EXPECT_FALSE(cache_.close_one());
}

TEST_F(KeepaliveCacheTest, hands_out_the_connection_used_last) {
  auto first = used_client();
  auto second = used_client();
  const http::H1Client* newest = second.get();
  cache_.put(std::move(first), nullptr, kOptions);
  cache_.put(std::move(second), nullptr, kOptions);
  EXPECT_EQ(cache_.take(nullptr).client.get(), newest);
  EXPECT_EQ(cache_.size(), 1U);
}

TEST_F(KeepaliveCacheTest, connections_to_an_address_that_the_server_left_are_not_used_any_more) {
  const net::SocketAddress before = *net::numeric_address("10.0.0.1", 3000);
  const net::SocketAddress after = *net::numeric_address("10.0.0.2", 3000);
  EXPECT_EQ(cache_.take(&before).client, nullptr);
  auto in_use = used_client();
  cache_.put(used_client(), &before, kOptions);
  EXPECT_EQ(cache_.size(), 1U);
  EXPECT_EQ(cache_.take(&after).client, nullptr);
  EXPECT_EQ(cache_.size(), 0U);
  cache_.put(std::move(in_use), &before, kOptions);
  EXPECT_EQ(cache_.size(), 0U) << "a connection that was out meanwhile";
  cache_.put(used_client(), &after, kOptions);
  EXPECT_NE(cache_.take(&after).client, nullptr);
}

TEST_F(KeepaliveCacheTest, a_full_cache_drops_and_counts_the_oldest) {
  cache_.put(used_client(), nullptr, kOptions);
  auto second = used_client();
  auto third = used_client();
  const http::H1Client* newest = third.get();
  const http::H1Client* kept = second.get();
  cache_.put(std::move(second), nullptr, kOptions);
  EXPECT_EQ(surplus_->value(), 0U);
  cache_.put(std::move(third), nullptr, kOptions);
  EXPECT_EQ(surplus_->value(), 1U);
  EXPECT_EQ(cache_.size(), 2U);
  EXPECT_EQ(cache_.take(nullptr).client.get(), newest);
  EXPECT_EQ(cache_.take(nullptr).client.get(), kept);
}

TEST_F(KeepaliveCacheTest, an_idle_connection_is_closed_after_its_time_and_not_before) {
  cache_.put(used_client(), nullptr, kOptions);
  run(3900ms);
  EXPECT_EQ(cache_.size(), 1U);
  run(200ms);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, closes_before_the_time_that_the_server_announced) {
  cache_.put(used_client("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 0\r\n\r\n"), nullptr, kOptions);
  run(1900ms);
  EXPECT_EQ(cache_.size(), 1U);
  run(200ms);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, keeps_none_longer_than_is_configured_whatever_the_server_announces) {
  cache_.put(used_client("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 0\r\n\r\n"), nullptr, kOptions);
  run(3900ms);
  EXPECT_EQ(cache_.size(), 1U);
  run(200ms);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, closes_before_a_server_that_was_seen_to_close) {
  for (int connection = 0; connection < 2; ++connection) {
    cache_.put(used_client(), nullptr, kOptions);
    run(1s);
    hang_up();
    run(300ms);
    EXPECT_EQ(cache_.size(), 0U);
  }
  cache_.put(used_client(), nullptr, kOptions);
  run(700ms);
  EXPECT_EQ(cache_.size(), 1U);
  run(100ms);
  EXPECT_EQ(cache_.size(), 0U) << "three quarters of a second are over";
}

TEST_F(KeepaliveCacheTest, what_was_kept_before_the_limit_was_learned_is_not_used_beyond_it) {
  cache_.put(used_client(), nullptr, kOptions);
  servers_[0].idle_limit().record_close(1s, loop_.now());
  run(900ms);
  servers_[0].idle_limit().record_close(1s, loop_.now());
  EXPECT_EQ(cache_.take(nullptr).client, nullptr);
}

TEST_F(KeepaliveCacheTest, our_own_closing_teaches_nothing) {
  for (int connection = 0; connection < 3; ++connection) {
    cache_.put(used_client(), nullptr, kOptions);
    run(5s);
  }
  EXPECT_EQ(servers_[0].idle_limit().at_most(1h, loop_.now()), 1h);
}

TEST_F(KeepaliveCacheTest, a_connection_that_the_server_closes_leaves) {
  cache_.put(used_client(), nullptr, kOptions);
  hang_up();
  run(10ms);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, a_connection_on_which_something_unasked_comes_leaves) {
  cache_.put(used_client(), nullptr, kOptions);
  say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  run(10ms);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, what_is_not_reusable_is_not_kept) {
  cache_.put(used_client("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), nullptr, kOptions);
  cache_.put(used_client("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"), nullptr, kOptions);
  cache_.put(used_client("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nsurplus"), nullptr, kOptions);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, a_connection_serves_as_many_requests_as_it_may) {
  KeepaliveOptions options = kOptions;
  options.requests = 1;
  cache_.put(used_client(), nullptr, options);
  EXPECT_EQ(cache_.size(), 0U);
  options.requests = 2;
  cache_.put(used_client(), nullptr, options);
  EXPECT_EQ(cache_.size(), 1U);
}

TEST_F(KeepaliveCacheTest, a_retired_cache_keeps_nothing) {
  cache_.put(used_client(), nullptr, kOptions);
  cache_.retire();
  EXPECT_EQ(cache_.size(), 0U);
  cache_.put(used_client(), nullptr, kOptions);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(KeepaliveCacheTest, a_server_that_left_the_snapshot_keeps_no_connection) {
  const TestServers servers(2);
  KeepaliveCaches caches;
  caches.retain({&servers[0], &servers[1]});
  caches.of(servers[0])->put(used_client(), nullptr, kOptions);
  caches.of(servers[1])->put(used_client(), nullptr, kOptions);
  caches.retain({&servers[0]});
  EXPECT_EQ(caches.of(servers[0])->size(), 1U);
  // An exchange that began before may still come back with a connection.
  const auto gone = caches.of(servers[1]);
  gone->put(used_client(), nullptr, kOptions);
  EXPECT_EQ(gone->size(), 0U);
}

}  // namespace
}  // namespace fairlead::pool
