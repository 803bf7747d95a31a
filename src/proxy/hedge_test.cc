#include "proxy/hedge.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "http/h1_server.h"
#include "net/socket_address.h"
#include "pool/test_servers.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAfter = 100ms;

// A server that never answers, and takes a body as the test has it.
class SilentStream final : public http::ClientStream {
 public:
  explicit SilentStream(runtime::EventLoop& loop) : loop_(loop) {}

  std::uint64_t taken = 0;

  runtime::Task<void> answer_begins(Deadline deadline) override {
    co_await runtime::pause_until(loop_, deadline);
    co_await runtime::fail({.code = ErrorCode::response_timeout, .blame = Blame::upstream});
  }
  std::uint64_t body_bytes_taken() const override { return taken; }

  // Nothing else is asked of it.
  http::BufferWriter& begin_head(std::string_view, std::string_view) override { return writer_; }
  runtime::Task<void> send_head(http::OutgoingFraming, std::string_view) override { return runtime::done(); }
  runtime::Task<void> send_body(http::BodyPart, std::string_view) override { return runtime::done(); }
  bool takes_pipes() const override { return false; }
  std::size_t most_to_send() const override { return 1; }
  void receive_for(const http::Taker&) override {}
  runtime::Task<const http::ResponseHead*> read_head(http::Method, Deadline) override { co_return nullptr; }
  Result<http::BodyPart> buffered_body() override { return http::BodyPart(); }
  runtime::Task<http::BodyPart> read_body(Duration) override { co_return http::BodyPart(); }
  void allow_pipes(bool) override {}
  std::string_view response_trailers() const override { return {}; }
  runtime::Task<void> switch_protocols() override { return runtime::done(); }
  http::Transport take_transport() override { return http::Transport{.connection = net::Connection(loop_, -1)}; }
  void set_send_patience(Duration) override {}
  void cancel() override {}

 private:
  runtime::EventLoop& loop_;
  http::BufferWriter writer_{{}};
};

class NobodyListens final : public pool::SuspectListener {
 public:
  void on_suspect(pool::Server&) override {}
};

class HedgeTest : public testing::Test {
 protected:
  HedgeTest() { route_.hedge = HedgeOptions{.after = kAfter, .budget = Share{1.0}}; }
  ~HedgeTest() override {
    run_for(10s);
    EXPECT_EQ(tasks_.size(), 0U);
    loop_.close(listener_, false);
  }

  void begin() {
    tried_.add(servers_[0]);
    tasks_.start(hedge_.race({.stream = first_, .server = servers_[0], .past = {}, .began = loop_.now(), .sent = sent_},
                             tried_, kLast));
  }
  void run_for(Duration time) { loop_.run_until(loop_.now() + time); }

  runtime::SimulatedLoop loop_{1};
  const TimePoint start_ = loop_.now();
  const Deadline kLast = start_ + 5s;
  net::SocketAddress address_ = *net::numeric_address("10.0.0.1", 80);
  int listener_ = loop_.listen(address_.get(), address_.size);
  http::Workspace workspace_;
  Random random_{1};
  pool::KeepaliveCaches upstream_;
  AccessLog access_log_{random_};
  Counters counters_;
  Context context_{.loop = loop_,
                   .workspace = workspace_,
                   .random = random_,
                   .upstream = upstream_,
                   .access_log = access_log_,
                   .counters = counters_};
  NobodyListens nobody_;
  // Their names have no addresses here: the second try fails as soon as it has begun.
  pool::TestServers servers_{2};
  pool::PoolView view_{servers_.pool(pool::Algorithm::round_robin), random_, nobody_};
  RouteOptions route_;
  ForwardedRequest request_;
  BodyBuffer body_;
  http::H1ServerOptions client_options_;
  http::H1Server client_{loop_, loop_.connect(address_.get(), address_.size).descriptor, workspace_, client_options_};
  pool::TriedServers tried_;
  SilentStream first_{loop_};
  std::optional<TimePoint> sent_;
  Hedge hedge_{context_, view_, request_, body_, route_, client_, 0};
  runtime::TaskGroup tasks_{loop_};
};

TEST_F(HedgeTest, a_server_is_late_so_long_after_it_was_asked) {
  sent_ = loop_.now();
  begin();
  run_for(kAfter - 1ms);
  EXPECT_FALSE(hedge_.is_sent());
  run_for(20ms);
  EXPECT_TRUE(hedge_.is_sent());
}

TEST_F(HedgeTest, a_server_that_takes_a_body_is_not_late) {
  begin();
  while (loop_.now() < start_ + 10 * kAfter) {
    first_.taken += 1000;
    run_for(kAfter / 2);
  }
  EXPECT_FALSE(hedge_.is_sent());
  sent_ = loop_.now();
  run_for(kAfter - 1ms);
  EXPECT_FALSE(hedge_.is_sent());
  run_for(20ms);
  EXPECT_TRUE(hedge_.is_sent());
  EXPECT_GE(hedge_.began(), *sent_ + kAfter);
}

TEST_F(HedgeTest, a_server_that_stops_taking_a_body_is_late) {
  first_.taken = 1000;
  begin();
  run_for(3 * kAfter);
  EXPECT_TRUE(hedge_.is_sent());
}

}  // namespace
}  // namespace fairlead::proxy
