// On a whole worker, since what ends is a session's: WebSockets, event streams and plain answers of servers that leave.
#include "app/leaving_servers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/snapshot_builder.h"
#include "app/worker.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;

constexpr runtime::NetworkConditions kCalm{
    .min_delay = 1ms, .max_delay = 1ms, .cut = 0, .short_send = 0, .late_news = 0};
constexpr std::string_view kSwitched =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
constexpr std::string_view kEvents = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
constexpr std::string_view kDownload = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin";
// As servers send it: status 1001, "going away".
constexpr std::string_view kGoodbye = "\x88\x02\x03\xE9";

struct NobodyListens final : pool::SuspectListener {
  void on_suspect(pool::Server&) override {}
};

class LeavingServersTest : public testing::Test {
 protected:
  LeavingServersTest() {
    options_.routes = {{.match = {.path = {{proxy::PathPattern::Kind::prefix, "/long/"}}}, .to = "long"},
                       {.to = "web"}};
    for (const char* pool : {"web", "long"}) {
      options_.pools[pool].servers = {server("10.0.0.1"), server("10.0.0.2")};
      options_.pools[pool].algorithm = pool::Algorithm::first;
      options_.pools[pool].drain = 10s;
    }
    options_.pools["long"].drain = 1min;
    apply();
  }
  ~LeavingServersTest() override {
    for (const int descriptor : open_) loop_.close(descriptor, true);
    bool has_ended = false;
    worker_.stop([&] { has_ended = true; });
    loop_.run_for(1h);
    for (const int listener : {socket_, first_, second_}) loop_.close(listener, false);
    EXPECT_TRUE(has_ended);
    EXPECT_EQ(loop_.open_descriptors(), 0U);
  }

  static pool::ServerOptions server(const std::string& host) { return {.name = host, .address = {host, 3000, ""}}; }
  void apply() {
    worker_.apply({.snapshot = builder_.build(options_, ++generation_),
                   .listeners = {{.socket = socket_, .settings = settings_}},
                   .access_log = {}});
  }
  void remove_first_server() {
    for (auto& [name, pool] : options_.pools) std::erase(pool.servers, server("10.0.0.1"));
    apply();
  }
  void send(int descriptor, std::string_view text) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    loop_.send(descriptor, std::span(&piece, 1));
    loop_.run_for(5ms);
  }
  // A client whose request for `path` a server at `listener` has answered so.
  int client_of(int listener, std::string_view path, std::string_view answer) {
    const int client = loop_.connect(address_.get(), address_.size).descriptor;
    open_.push_back(client);
    loop_.run_for(5ms);
    const bool switches = answer == kSwitched;
    send(client, fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", path,
                             switches ? "Connection: upgrade\r\nUpgrade: websocket\r\n" : ""));
    open_.push_back(loop_.accept(listener).descriptor);
    EXPECT_GE(open_.back(), 0) << "the server was asked";
    loop_.run_for(5ms);
    send(open_.back(), answer);
    EXPECT_TRUE(heard(client).starts_with("HTTP/1.1"));
    return client;
  }
  // What the client has got since, and `EOF` where that was the end, or `RESET`.
  std::string heard(int client) {
    std::string room(2000, '\0');
    std::string got;
    while (true) {
      const runtime::IoResult result = loop_.receive(client, room);
      if (result.would_block()) return got;
      if (!result.ok()) return got + "RESET";
      if (result.count == 0) return got + "EOF";
      got.append(room, 0, result.count);
    }
  }

  runtime::SimulatedLoop loop_{1, kCalm};
  net::SocketAddress address_ = *net::numeric_address("10.9.9.9", 80);
  net::SocketAddress first_address_ = *net::numeric_address("10.0.0.1", 3000);
  net::SocketAddress second_address_ = *net::numeric_address("10.0.0.2", 3000);
  int socket_ = loop_.listen(address_.get(), address_.size);
  int first_ = loop_.listen(first_address_.get(), first_address_.size);
  int second_ = loop_.listen(second_address_.get(), second_address_.size);
  Options options_;
  SnapshotBuilder builder_;
  std::uint64_t generation_ = 0;
  proxy::Seating process_;
  std::shared_ptr<const proxy::SessionSettings> settings_ = std::make_shared<const proxy::SessionSettings>(
      proxy::SessionSettings{.listener = "web",
                             .http = {.header_timeout = 10s, .body_idle = 1h, .keepalive = 1h, .header_size = 8192},
                             .seats = std::make_shared<proxy::ListenerSeats>(process_)});
  NobodyListens nobody_;
  Worker worker_{loop_, 1, nobody_};
  std::vector<int> open_;
};

TEST_F(LeavingServersTest, a_websocket_ends_with_a_goodbye_after_the_drain_time_and_not_before) {
  const int client = client_of(first_, "/", kSwitched);
  remove_first_server();
  loop_.run_for(9s);
  EXPECT_EQ(heard(client), "");
  loop_.run_for(2s);
  EXPECT_EQ(heard(client), std::string(kGoodbye) + "EOF");
}

TEST_F(LeavingServersTest, an_event_stream_ends_too) {
  const int client = client_of(first_, "/", kEvents);
  remove_first_server();
  loop_.run_for(9s);
  EXPECT_EQ(heard(client), "");
  loop_.run_for(2s);
  EXPECT_NE(heard(client), "");
}

TEST_F(LeavingServersTest, an_answer_that_will_end_by_itself_is_left_alone) {
  const int client = client_of(first_, "/", kDownload);
  const int server = open_.back();
  remove_first_server();
  loop_.run_for(30s);
  EXPECT_EQ(heard(client), "");
  send(server, std::string(995, 'x'));
  EXPECT_EQ(heard(client), std::string(995, 'x'));
}

TEST_F(LeavingServersTest, each_pool_has_its_own_time) {
  const int client = client_of(first_, "/long/", kSwitched);
  remove_first_server();
  loop_.run_for(55s);
  EXPECT_EQ(heard(client), "");
  loop_.run_for(10s);
  EXPECT_EQ(heard(client), std::string(kGoodbye) + "EOF");
}

TEST_F(LeavingServersTest, streams_of_a_server_that_stays_go_on) {
  options_.pools["web"].servers = {server("10.0.0.2"), server("10.0.0.1")};
  apply();
  const int client = client_of(second_, "/", kSwitched);
  remove_first_server();
  loop_.run_for(10min);
  EXPECT_EQ(heard(client), "");
}

TEST_F(LeavingServersTest, one_that_left_later_has_its_time_from_then_on) {
  const int early = client_of(first_, "/", kSwitched);
  options_.pools["web"].servers = {server("10.0.0.2"), server("10.0.0.1")};
  apply();
  const int late = client_of(second_, "/", kSwitched);
  remove_first_server();
  loop_.run_for(8s);
  options_.pools["web"].servers = {server("10.0.0.3")};
  apply();
  loop_.run_for(4s);
  EXPECT_EQ(heard(early), std::string(kGoodbye) + "EOF");
  EXPECT_EQ(heard(late), "");
  loop_.run_for(7s);
  EXPECT_EQ(heard(late), std::string(kGoodbye) + "EOF");
}

}  // namespace
}  // namespace fairlead::app
