#include "net/output.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::net {
namespace {

constexpr std::size_t kAnything = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kBuffer = 5000;

// Two ends of a connection whose buffer is small.
class OutputTest : public testing::Test {
 protected:
  ~OutputTest() override {
    loop_.close(listener_, false);
    if (far_end_ >= 0) loop_.close(far_end_, true);
  }

  SocketAddress address_ = *numeric_address("10.0.0.1", 80);
  runtime::SimulatedLoop loop_{1, {.socket_buffer = kBuffer, .cut = 0, .short_send = 0}};
  int listener_ = loop_.listen(address_.get(), address_.size);
  Connection connection_{loop_, loop_.connect(address_.get(), address_.size).descriptor};
  int far_end_ = -1;
};

TEST_F(OutputTest, little_is_received_for_a_full_socket_once_much_is_kept) {
  EXPECT_EQ(Output::most_to_receive(connection_), kAnything);
  {
    Output one;
    Output other;
    one.hold(std::string(Output::kManyKept - 1, 'x'));
    EXPECT_EQ(Output::most_to_receive(connection_), kAnything);
    other.hold("x");
    EXPECT_EQ(Output::most_to_receive(connection_), kBuffer) << "what fits";
    one.drop();
    EXPECT_EQ(Output::most_to_receive(connection_), kAnything);
  }
  Output much;
  much.hold(std::string(Output::kManyKept, 'x'));
  loop_.run_until(loop_.now() + std::chrono::seconds(1));
  far_end_ = loop_.accept(listener_).descriptor;
  Output rest;
  const std::string bytes(2 * kBuffer, 'y');
  const iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  EXPECT_TRUE(rest.send(connection_, {&piece, 1}).ok());
  EXPECT_EQ(rest.size(), kBuffer);
  EXPECT_EQ(Output::most_to_receive(connection_), 1024U) << "never nothing: whoever sends finds out";
}

}  // namespace
}  // namespace fairlead::net
