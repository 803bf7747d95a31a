#include "http/h1_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "net/socket_address.h"
#include "runtime/pipe.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;

// The kernel takes a hundred bytes of a request, and more once the server has read.
constexpr runtime::NetworkConditions kLittleRoom{
    .min_delay = 1ms, .max_delay = 1ms, .socket_buffer = 100, .cut = 0, .short_send = 0};
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A client that sends one request larger than that, and a server's bare descriptor.
class H1ClientWithLittleRoom : public testing::Test {
 protected:
  H1ClientWithLittleRoom() {
    tasks_.start(ask());
    loop_.run_for(5ms);
    server_ = loop_.accept(listener_).descriptor;
    loop_.run_for(5ms);
  }
  ~H1ClientWithLittleRoom() override {
    if (server_ >= 0) loop_.close(server_, true);
    loop_.run_for(1h);
    loop_.close(listener_, false);
    EXPECT_EQ(tasks_.size(), 0U);
    EXPECT_EQ(loop_.open_descriptors(), 0U);
  }

  runtime::Task<void> ask() {
    H1Client client(loop_, loop_.connect(address_.get(), address_.size).descriptor, workspace_);
    co_await client.connected(loop_.now() + 1s);
    client.set_send_patience(2s);
    BufferWriter& writer = client.begin_head("GET", "/");
    write_field(writer, "Host", "a");
    write_field(writer, "X", std::string(500, 'x'));
    co_await client.send_head({}, {});
    has_sent_ = true;
    const Result<const ResponseHead*> head = co_await client.read_head(Method::get, loop_.now() + 1min).result();
    if (head) {
      status_ = (*head)->status;
      is_whole_ = (co_await client.buffered_body()).is_last;
    } else {
      failure_ = head.error();
    }
    is_reusable_ = client.is_reusable();
  }
  // What the server finds when it reads once.
  std::string read() {
    std::string room(1000, '\0');
    const runtime::IoResult got = loop_.receive(server_, room);
    loop_.run_for(5ms);
    return got.ok() ? room.substr(0, got.count) : std::string();
  }
  void answer() {
    std::string bytes(kAnswer);
    const iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    ASSERT_EQ(loop_.send(server_, std::span(&piece, 1)).count, bytes.size());
    loop_.run_for(5ms);
  }

  runtime::SimulatedLoop loop_{1, kLittleRoom};
  net::SocketAddress address_ = *net::numeric_address("10.0.0.1", 80);
  int listener_ = loop_.listen(address_.get(), address_.size);
  Workspace workspace_;
  runtime::TaskGroup tasks_{loop_};
  int server_ = -1;
  bool has_sent_ = false;
  std::uint16_t status_ = 0;
  bool is_whole_ = false;
  bool is_reusable_ = false;
  std::optional<Error> failure_;
};

TEST_F(H1ClientWithLittleRoom, a_request_leaves_whole_although_nobody_waits_for_that) {
  EXPECT_TRUE(has_sent_) << "a whole message is left to the connection";
  std::string request;
  while (!request.ends_with("\r\n\r\n")) {
    const std::string piece = read();
    ASSERT_FALSE(piece.empty()) << request;
    ASSERT_LE(piece.size(), 100U);
    request += piece;
  }
  EXPECT_TRUE(request.starts_with("GET / HTTP/1.1\r\nHost: a\r\nX: xxx"));
  EXPECT_TRUE(request.ends_with("xxx\r\n\r\n"));
  answer();
  EXPECT_EQ(status_, 200);
  EXPECT_TRUE(is_whole_);
  EXPECT_TRUE(is_reusable_);
}

TEST_F(H1ClientWithLittleRoom, a_server_that_reads_slowly_is_waited_for_as_long_as_it_reads) {
  for (int piece = 0; piece < 6; ++piece) {
    loop_.run_for(1500ms);
    EXPECT_FALSE(read().empty());
  }
  EXPECT_FALSE(failure_);
  answer();
  EXPECT_EQ(status_, 200);
}

TEST_F(H1ClientWithLittleRoom, a_server_that_stops_reading_is_given_up) {
  EXPECT_FALSE(read().empty());
  loop_.run_for(3s);
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->code, ErrorCode::response_timeout);
  EXPECT_EQ(failure_->detail, "the server stopped reading the request");
  EXPECT_FALSE(is_reusable_);
}

TEST_F(H1ClientWithLittleRoom, a_server_that_closes_meanwhile_has_not_answered) {
  EXPECT_FALSE(read().empty());
  loop_.close(std::exchange(server_, -1), true);
  loop_.run_for(1s);
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->code, ErrorCode::reset_before_response);
  EXPECT_TRUE(failure_->retry_if_idempotent) << "nothing of an answer has come";
  EXPECT_FALSE(is_reusable_);
}

// Whose client takes sixteen bytes at once.
struct SlowTaker final : Taker {
  std::size_t most_to_send() const override { return 16; }
};

// The sizes of the parts in which the body of one response comes.
runtime::Task<void> receive_for(const Taker& taker, runtime::EventLoop& loop, const net::SocketAddress& address,
                                Workspace& workspace, std::vector<std::size_t>& sizes) {
  H1Client client(loop, loop.connect(address.get(), address.size).descriptor, workspace);
  co_await client.connected(loop.now() + 1s);
  client.receive_for(taker);
  write_field(client.begin_head("GET", "/"), "Host", "a");
  co_await client.send_head({}, {});
  co_await client.read_head(Method::get, loop.now() + 1min);
  BodyPart part = co_await client.buffered_body();
  sizes.push_back(part.data.size());
  while (!part.is_last) {
    part = co_await client.read_body(1min);
    sizes.push_back(part.data.size());
  }
}

TEST(H1ClientForASlowTaker, receives_no_more_at_once_than_that_takes) {
  runtime::SimulatedLoop loop{1, {.cut = 0, .short_send = 0, .late_news = 0}};
  const net::SocketAddress address = *net::numeric_address("10.0.0.1", 80);
  const int listener = loop.listen(address.get(), address.size);
  Workspace workspace;
  const SlowTaker taker;
  std::vector<std::size_t> sizes;
  runtime::TaskGroup tasks(loop);
  tasks.start(receive_for(taker, loop, address, workspace, sizes));
  loop.run_for(1s);

  const int server = loop.accept(listener).descriptor;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x');
  const iovec piece = runtime::piece_of(answer);
  ASSERT_EQ(loop.send(server, {&piece, 1}).count, answer.size());
  loop.run_for(1s);

  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), 100U);
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 16U);
  loop.close(server, true);
  loop.close(listener, false);
}

// How much of each of `count` large bodies comes with its head.
runtime::Task<void> receive_large(int count, runtime::EventLoop& loop, const net::SocketAddress& address,
                                  Workspace& workspace, std::vector<std::size_t>& with_head) {
  H1Client client(loop, loop.connect(address.get(), address.size).descriptor, workspace);
  co_await client.connected(loop.now() + 1s);
  while (count-- > 0) {
    write_field(client.begin_head("GET", "/"), "Host", "a");
    co_await client.send_head({}, {});
    co_await client.read_head(Method::get, loop.now() + 1min);
    BodyPart part = co_await client.buffered_body();
    with_head.push_back(part.data.size());
    client.allow_pipes(true);
    while (!part.is_last) {
      part = co_await client.read_body(1min);
      if (part.pipe == nullptr) continue;
      // As if it had been sent on.
      const runtime::Accepted drain = loop.connect(address.get(), address.size);
      co_await runtime::Sleep(loop, loop.now() + 1s);
      while (part.pipe->size() > 0) part.pipe->drain(drain.descriptor);
      loop.close(drain.descriptor, true);
    }
  }
}

TEST(H1ClientOfLargeBodies, takes_little_with_the_head_behind_one_that_went_through_a_pipe) {
  runtime::SimulatedLoop loop{1, {.socket_buffer = 10'000, .cut = 0, .short_send = 0, .no_pipe = 0, .late_news = 0}};
  const net::SocketAddress address = *net::numeric_address("10.0.0.1", 80);
  const int listener = loop.listen(address.get(), address.size);
  Workspace workspace;
  std::vector<std::size_t> with_head;
  runtime::TaskGroup tasks(loop);
  tasks.start(receive_large(3, loop, address, workspace, with_head));
  loop.run_for(1s);

  const int server = loop.accept(listener).descriptor;
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n";
  const std::string large_head =
      "HTTP/1.1 200 OK\r\nX: " + std::string(5000, 'x') + "\r\nContent-Length: 30000\r\n\r\n";
  for (const std::string& begin : {head, head, large_head}) {
    const std::string answer = begin + std::string(30000, 'x');
    for (std::size_t sent = 0; sent < answer.size();) {
      const iovec piece = runtime::piece_of(std::string_view(answer).substr(sent));
      const runtime::IoResult given = loop.send(server, {&piece, 1});
      if (!given.ok()) loop.run_for(1s);
      sent += given.count;
    }
    loop.run_for(10s);
  }
  EXPECT_EQ(tasks.size(), 0U);
  ASSERT_EQ(with_head.size(), 3U);
  EXPECT_GT(with_head[0], 4096U);
  EXPECT_EQ(with_head[1], 4096 - head.size());
  EXPECT_EQ(with_head[2], 2 * 4096 - large_head.size());
  loop.close(server, true);
  loop.close(listener, false);
}

}  // namespace
}  // namespace fairlead::http
