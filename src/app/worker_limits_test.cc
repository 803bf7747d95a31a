// Limits of connections on a whole worker: who is let in, who is closed for them, and who is refused.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/snapshot_builder.h"
#include "app/worker.h"
#include "base/counted_heap.h"
#include "net/connection.h"
#include "net/kept_bytes.h"
#include "net/memory_share.h"
#include "net/pipe_pool.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/slab.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;

constexpr runtime::NetworkConditions kCalm{
    .min_delay = 1ms, .max_delay = 1ms, .cut = 0, .short_send = 0, .late_news = 0};
constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kProxied = "PROXY TCP4 10.1.1.1 10.9.9.9 1 80\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct NobodyListens final : pool::SuspectListener {
  void on_suspect(pool::Server&) override {}
};

class WorkerLimits : public testing::Test {
 protected:
  WorkerLimits() { settings_.seats = std::make_shared<proxy::ListenerSeats>(process_); }
  ~WorkerLimits() override {
    for (const int client : clients_)
      if (client >= 0) loop_.close(client, true);
    bool has_ended = false;
    worker_.stop([&] { has_ended = true; });
    loop_.run_for(1h);
    loop_.close(socket_, false);
    EXPECT_TRUE(has_ended);
    EXPECT_EQ(loop_.open_descriptors(), 0U);
    EXPECT_EQ(process_.taken(), 0U);
  }

  static constexpr std::size_t kPlenty = std::size_t{1} << 40;

  void start(const WorkerMemory& memory = {}) {
    Options options;
    options.routes = {{.respond = proxy::RespondOptions{.body = "hello"}}};
    worker_.apply({.snapshot = SnapshotBuilder().build(options, 1),
                   .listeners = {{.socket = socket_, .settings = std::make_shared<proxy::SessionSettings>(settings_)}},
                   .access_log = {},
                   .memory = {{.connections = memory.connections == 0 ? kPlenty : memory.connections,
                               .unfinished_heads = memory.unfinished_heads == 0 ? kPlenty : memory.unfinished_heads,
                               .much_kept = net::KeptBytes::kUsuallyMuch,
                               .pipes = net::PipePool::kMostInUse}}});
  }
  void limit(std::uint32_t connections) { settings_.seats->own().set_limit(connections); }
  void limit_clients(std::uint32_t most) {
    settings_.per_client = {.table = std::make_shared<proxy::ClientTable>(100, 1), .most = most};
  }
  // A client that has connected, and has sent `text`. Its number.
  std::size_t connect(std::string_view text = {}) {
    clients_.push_back(loop_.connect(address_.get(), address_.size).descriptor);
    loop_.run_for(3ms);
    if (!text.empty()) say(clients_.size() - 1, text);
    return clients_.size() - 1;
  }
  void arrive_together(int count) {
    while (count-- > 0) clients_.push_back(loop_.connect(address_.get(), address_.size).descriptor);
  }
  void say(std::size_t client, std::string_view text) {
    const iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    loop_.send(clients_[client], std::span(&piece, 1));
    loop_.run_for(5ms);
  }
  // What the client has got, and `EOF` where that was the end.
  std::string heard(std::size_t client) {
    std::string room(2000, '\0');
    std::string got;
    while (true) {
      const runtime::IoResult result = loop_.receive(clients_[client], room);
      if (!result.ok()) return got;
      if (result.count == 0) return got + "EOF";
      got.append(room, 0, result.count);
    }
  }
  std::string status(std::size_t client) { return heard(client).substr(0, 12); }
  bool is_open(std::size_t client) {
    say(client, kRequest);
    return status(client) == "HTTP/1.1 200";
  }
  proxy::SeatCounters& counters() { return settings_.seats->counters(); }

  runtime::SimulatedLoop loop_{1, kCalm};
  proxy::Seating process_;
  proxy::SessionSettings settings_{
      .listener = "web",
      .http = {.header_timeout = 10s, .body_idle = 30s, .keepalive = 1h, .header_size = 8192, .min_rate = 240}};
  NobodyListens nobody_;
  Worker worker_{loop_, 1, nobody_};
  net::SocketAddress address_ = *net::numeric_address("10.9.9.9", 80);
  int socket_ = loop_.listen(address_.get(), address_.size);
  std::vector<int> clients_;
};

TEST_F(WorkerLimits, all_who_arrive_together_are_let_in_without_a_pause) {
  limit(1000);
  start();
  arrive_together(500);
  loop_.run_for(5ms);
  EXPECT_EQ(process_.taken(), 500U);
}

TEST_F(WorkerLimits, beyond_the_limit_the_connection_that_is_idle_for_longest_is_closed) {
  limit(2);
  start();
  const auto first = connect(kRequest);
  loop_.run_for(2s);
  const auto second = connect(kRequest);
  loop_.run_for(2s);
  EXPECT_EQ(status(first), "HTTP/1.1 200");
  say(first, kRequest);  // so that the second is idle for longer
  loop_.run_for(2s);
  const auto third = connect(kRequest);
  EXPECT_EQ(status(third), "HTTP/1.1 200");
  EXPECT_TRUE(heard(second).ends_with("helloEOF"));
  EXPECT_TRUE(is_open(third));
  EXPECT_EQ(counters().shed, 1U);
  EXPECT_EQ(counters().refused, 0U);
}

TEST_F(WorkerLimits, where_nobody_is_idle_new_connections_are_refused_with_503) {
  limit(2);
  start();
  const auto first = connect("GET /");
  const auto second = connect("GET /");
  loop_.run_for(2s);
  const auto third = connect();
  const std::string answer = heard(third);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_TRUE(answer.ends_with("room again soon.\nEOF")) << answer;
  EXPECT_EQ(counters().refused, 1U);
  EXPECT_EQ(counters().shed, 0U);
  say(first, " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status(first), "HTTP/1.1 200");
  EXPECT_EQ(heard(second), "");
}

TEST_F(WorkerLimits, a_connection_that_was_used_a_moment_ago_is_not_idle) {
  limit(1);
  start();
  const auto first = connect(kRequest);
  loop_.run_for(900ms);
  EXPECT_EQ(status(connect()), "HTTP/1.1 503");
  loop_.run_for(200ms);
  EXPECT_EQ(status(connect(kRequest)), "HTTP/1.1 200");
  EXPECT_TRUE(heard(first).ends_with("EOF"));
}

TEST_F(WorkerLimits, heads_that_come_slowly_do_not_shield_those_that_are_idle) {
  limit(4);
  start();
  const auto idle = connect(kRequest);
  for (int slow = 0; slow < 3; ++slow) connect("GET /");
  say(idle, kRequest);  // it is idle for less time than the slow ones are open
  loop_.run_for(2s);
  EXPECT_EQ(status(connect(kRequest)), "HTTP/1.1 200");
  EXPECT_EQ(counters().shed, 1U);
}

TEST_F(WorkerLimits, the_limit_is_kept_in_a_flood_and_a_seat_is_free_again_at_the_end_of_a_connection) {
  limit(5);
  start();
  arrive_together(2000);
  loop_.run_for(10ms);
  EXPECT_EQ(process_.taken(), 5U);
  loop_.run_for(50ms);
  EXPECT_EQ(counters().refused, 1995U);
  for (int& client : clients_) loop_.close(std::exchange(client, -1), false);
  loop_.run_for(10ms);
  EXPECT_EQ(process_.taken(), 0U);
  EXPECT_EQ(status(connect(kRequest)), "HTTP/1.1 200");
}

TEST_F(WorkerLimits, one_client_has_its_share_and_is_told_so) {
  limit_clients(2);
  start();
  connect(kRequest);
  const auto second = connect(kRequest);
  EXPECT_EQ(status(connect()), "HTTP/1.1 429");
  EXPECT_EQ(counters().refused_clients, 1U);
  loop_.close(std::exchange(clients_[second], -1), false);
  loop_.run_for(5ms);
  EXPECT_EQ(status(connect(kRequest)), "HTTP/1.1 200");
}

TEST_F(WorkerLimits, behind_a_proxy_header_the_client_that_it_names_is_counted) {
  limit_clients(1);
  settings_.proxy_protocol = proxy::ProxyProtocol::accept;
  net::IpGroupFault fault;
  const std::vector<net::IpGroup> everybody{net::parse_ip_group("0.0.0.0/0", fault).value()};
  settings_.trusted = net::IpSet(everybody);
  start();
  EXPECT_EQ(status(connect(kProxied)), "HTTP/1.1 200");
  EXPECT_EQ(status(connect(kProxied)), "HTTP/1.1 429");
  EXPECT_EQ(status(connect("PROXY TCP4 10.1.1.2 10.9.9.9 1 80\r\n" + std::string(kRequest))), "HTTP/1.1 200");
  EXPECT_EQ(status(connect(kRequest)), "HTTP/1.1 200");  // the proxy itself
  EXPECT_EQ(counters().refused_clients, 1U);
}

TEST_F(WorkerLimits, heads_that_never_end_have_a_bound_together_and_small_ones_do_not_feel_it) {
  const std::string beginning = "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(5000, 'c');
  start({.unfinished_heads = 3 * beginning.size()});
  std::vector<std::size_t> attackers;
  for (int index = 0; index < 3; ++index) attackers.push_back(connect(beginning));
  for (const std::size_t attacker : attackers) EXPECT_EQ(heard(attacker), "");
  // The next one is answered.
  EXPECT_EQ(status(connect(beginning)), "HTTP/1.1 503");
  EXPECT_EQ(counters().kept_heads, 1U);
  // A small head is waited for, and a large one that comes in one piece is served.
  const auto small = connect("GET / HTTP/1.1\r\nHost:");
  say(small, " a\r\n\r\n");
  EXPECT_EQ(status(small), "HTTP/1.1 200");
  EXPECT_EQ(status(connect(beginning + "\r\n\r\n")), "HTTP/1.1 200");
  // There is room again when one has ended, in whichever way.
  say(attackers[0], "\r\n\r\n");
  EXPECT_EQ(status(attackers[0]), "HTTP/1.1 200");
  const auto next = connect(beginning);
  EXPECT_EQ(heard(next), "");
  loop_.close(std::exchange(clients_[next], -1), true);
  loop_.run_for(5ms);
  EXPECT_EQ(heard(connect(beginning)), "");
}

TEST_F(WorkerLimits, without_descriptors_the_idle_are_closed_and_the_new_wait) {
  start();
  const auto idle = connect(kRequest);
  loop_.run_for(2s);
  const auto waiting = connect();
  EXPECT_EQ(heard(waiting), "");
  clients_.push_back(loop_.connect(address_.get(), address_.size).descriptor);
  loop_.exhaust(true);
  loop_.run_for(20ms);
  EXPECT_TRUE(heard(idle).ends_with("EOF"));
  const std::uint64_t looks = counters().exhausted;
  EXPECT_EQ(looks, 1U);
  loop_.run_for(1s);
  EXPECT_LE(counters().exhausted - looks, 11U);  // it pauses between two looks
  loop_.exhaust(false);
  loop_.run_for(200ms);
  say(2, kRequest);
  EXPECT_EQ(status(2), "HTTP/1.1 200");
}

// So much that the worker has `more` bytes left, beside what this thread holds already.
WorkerMemory memory_for(std::size_t more) {
  runtime::Slab::trim();
  const runtime::Slab::Usage slab = runtime::Slab::usage();
  const std::size_t held = slab.in_use + slab.free + CountedHeap::in_use() +
                           net::Connection::open_on_this_thread() * net::MemoryShare::kSocket;
  // A connection leaves an eighth.
  return {.connections = (held + more) * 8 / 7};
}

TEST_F(WorkerLimits, where_memory_is_short_the_connection_that_is_idle_for_longest_is_closed) {
  start(memory_for(2'000'000));
  std::vector<std::size_t> idle;
  while (counters().memory == 0) {
    ASSERT_LT(idle.size(), 1000U);
    idle.push_back(connect(kRequest));
    loop_.run_for(2s);
  }
  ASSERT_GE(idle.size(), 3U);
  const std::string last = heard(idle.back());
  EXPECT_TRUE(last.starts_with("HTTP/1.1 200")) << last << idle.size();
  EXPECT_TRUE(heard(idle[0]).ends_with("helloEOF"));
  EXPECT_TRUE(is_open(idle[1]));
  EXPECT_EQ(counters().refused, 0U);
}

TEST_F(WorkerLimits, where_memory_is_short_and_nobody_is_idle_new_connections_are_refused_with_503) {
  start(memory_for(2'000'000));
  std::vector<std::size_t> busy;
  std::string answer;
  while (answer.empty()) {
    ASSERT_LT(busy.size(), 1000U);
    busy.push_back(connect());
    answer = status(busy.back());
    if (answer.empty()) say(busy.back(), "GET /");
  }
  ASSERT_GE(busy.size(), 3U);
  EXPECT_EQ(answer, "HTTP/1.1 503");
  EXPECT_EQ(counters().memory, 1U);
  EXPECT_EQ(process_.taken(), busy.size() - 1);
  // Those that are there go on.
  say(busy[0], " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status(busy[0]), "HTTP/1.1 200");
}

TEST_F(WorkerLimits, without_memory_for_a_request_it_is_answered_503_and_its_connection_closed) {
  start();
  const auto first = connect(kRequest);
  const auto second = connect(kRequest);
  EXPECT_EQ(status(first), "HTTP/1.1 200");
  EXPECT_EQ(status(second), "HTTP/1.1 200");
  start({.connections = 1});
  say(first, kRequest);
  const std::string answer = heard(first);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_TRUE(answer.contains("Connection: close") && answer.ends_with("EOF")) << answer;
  EXPECT_EQ(counters().memory, 1U);
  start();
  EXPECT_TRUE(is_open(second));
}

}  // namespace
}  // namespace fairlead::app
