#include "cli/demo/load_client.h"

#include <gtest/gtest.h>

#include "runtime/simulated/simulated_loop.h"

namespace fairlead::cli::demo {
namespace {

using namespace std::chrono_literals;

// A client on virtual time and a simulated network where nobody listens: every request is refused.
class LoadClientTest : public testing::Test {
 protected:
  void run_for(Duration time) { loop_.run_until(loop_.now() + time); }
  void close(LoadClient& client) {
    tasks_.start(client.close());
    run_for(20s);
    ASSERT_EQ(tasks_.size(), 0U);
  }

  runtime::SimulatedLoop loop_{1};
  http::Workspace workspace_;
  runtime::TaskGroup tasks_{loop_};
  net::SocketAddress nobody_ = *net::numeric_address("127.0.0.1", 1);
};

TEST_F(LoadClientTest, requests_arrive_at_the_rate_whatever_becomes_of_them) {
  LoadClient client(loop_, workspace_, 40, 1);
  client.start(nobody_);
  run_for(100s);
  EXPECT_NEAR(static_cast<double>(client.requests()), 4000, 250);  // four standard deviations
  close(client);
  EXPECT_EQ(client.errors(), client.requests());
  EXPECT_EQ(client.answers(), 0U);
}

TEST_F(LoadClientTest, rates_beyond_the_loops_timers_are_kept) {
  LoadClient client(loop_, workspace_, 2000, 1);
  client.start(nobody_);
  run_for(10s);
  EXPECT_NEAR(static_cast<double>(client.requests()), 20'000, 600);
  close(client);
}

TEST_F(LoadClientTest, a_new_rate_holds_at_once) {
  LoadClient client(loop_, workspace_, 1, 1);
  client.start(nobody_);
  run_for(1ms);
  client.set_rate(100);
  run_for(10s);
  EXPECT_NEAR(static_cast<double>(client.requests()), 1000, 130);
  close(client);
}

TEST_F(LoadClientTest, counts_errors_by_their_kind) {
  LoadClient client(loop_, workspace_, 40, 1);
  client.start(nobody_);
  run_for(1s);
  close(client);
  ASSERT_EQ(client.error_kinds().size(), 1U);
  EXPECT_EQ(client.error_kinds().at("connect_refused"), client.errors());
}

TEST_F(LoadClientTest, sends_nothing_once_it_is_closed) {
  LoadClient client(loop_, workspace_, 40, 1);
  client.start(nobody_);
  run_for(1s);
  close(client);
  const std::uint64_t requests = client.requests();
  run_for(10s);
  EXPECT_EQ(client.requests(), requests);
}

}  // namespace
}  // namespace fairlead::cli::demo
