#include "net/connect_probes.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "runtime/simulated/simulated_loop.h"

namespace fairlead::net {
namespace {

using namespace std::chrono_literals;

class ConnectProbesTest : public testing::Test {
 protected:
  ConnectProbesTest() { loop_.listen(home_.get(), home_.size); }
  // The probe's end: 0 where the server takes connections, else an `errno`.
  int end_of(const ConnectProbes::Begun& begun) {
    if (begun.connection == nullptr) return begun.error;
    loop_.run_for(10ms);
    EXPECT_TRUE(begun.connection->may_send());
    return loop_.connect_error(begun.connection->descriptor());
  }

  runtime::SimulatedLoop loop_{1};
  SocketAddress home_ = *numeric_address("10.0.0.1", 80);
  SocketAddress nobody_ = *numeric_address("10.0.0.2", 80);
  ConnectProbes probes_{loop_};
};

TEST_F(ConnectProbesTest, one_after_the_other_share_a_socket) {
  ConnectProbes::Begun first = probes_.begin(home_);
  ASSERT_EQ(end_of(first), 0);
  const int descriptor = first.connection->descriptor();
  probes_.end(std::move(first.connection), home_);

  ConnectProbes::Begun second = probes_.begin(home_);
  EXPECT_EQ(second.connection->descriptor(), descriptor);
  // What was told of the first one is not taken for news of the second.
  EXPECT_FALSE(second.connection->may_send());
  EXPECT_EQ(end_of(second), 0);
}

TEST_F(ConnectProbesTest, at_once_have_a_socket_each_and_these_are_kept) {
  std::vector<ConnectProbes::Begun> begun;
  for (int probe = 0; probe < 5; ++probe) begun.push_back(probes_.begin(home_));
  loop_.run_for(10ms);
  for (ConnectProbes::Begun& probe : begun) probes_.end(std::move(probe.connection), home_);
  const std::size_t open = loop_.open_descriptors();
  for (ConnectProbes::Begun& probe : begun) probe = probes_.begin(home_);
  EXPECT_EQ(loop_.open_descriptors(), open);
}

TEST_F(ConnectProbesTest, a_server_that_is_gone_is_found_with_a_used_socket_too) {
  ConnectProbes::Begun first = probes_.begin(home_);
  ASSERT_EQ(end_of(first), 0);
  probes_.end(std::move(first.connection), home_);
  const ConnectProbes::Begun second = probes_.begin(nobody_);
  EXPECT_EQ(end_of(second), ECONNREFUSED);
  EXPECT_TRUE(second.connection->is_lost());
}

TEST_F(ConnectProbesTest, a_probe_that_is_given_up_leaves_no_socket) {
  loop_.black_hole(home_.get(), home_.size, true);
  const std::size_t open = loop_.open_descriptors();
  {
    const ConnectProbes::Begun begun = probes_.begin(home_);
    loop_.run_for(10ms);
    EXPECT_FALSE(begun.connection->may_send());
  }
  EXPECT_EQ(loop_.open_descriptors(), open);
}

TEST_F(ConnectProbesTest, without_a_descriptor_left_the_error_is_told) {
  loop_.exhaust(true);
  EXPECT_EQ(probes_.begin(home_).error, EMFILE);
}

TEST(ConnectProbes, reach_addresses_of_a_network_that_leave_no_trace_in_a_socket) {
  EXPECT_TRUE(ConnectProbes::can_reach(*numeric_address("10.0.0.1", 80)));
  EXPECT_TRUE(ConnectProbes::can_reach(*numeric_address("::1", 80)));
  EXPECT_FALSE(ConnectProbes::can_reach(*unix_address("/run/app.sock")));
  EXPECT_FALSE(ConnectProbes::can_reach(*numeric_address("::ffff:10.0.0.1", 80)));
  SocketAddress scoped = *numeric_address("fe80::1", 80);
  reinterpret_cast<sockaddr_in6&>(scoped.storage).sin6_scope_id = 1;
  EXPECT_FALSE(ConnectProbes::can_reach(scoped));
}

}  // namespace
}  // namespace fairlead::net
