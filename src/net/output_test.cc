#include "net/output.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "net/kept_bytes.h"
#include "net/scratch.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"

namespace fairlead::net {
namespace {

constexpr std::size_t kAnything = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kBuffer = 20'000;
constexpr std::size_t kLeast = 1024;

// Two ends of a connection whose buffer is small.
class OutputTest : public testing::Test {
 protected:
  ~OutputTest() override {
    loop_.close(listener_, false);
    if (far_end_ >= 0) loop_.close(far_end_, true);
  }

  void open_far_end() {
    loop_.run_for(std::chrono::seconds(1));
    far_end_ = loop_.accept(listener_).descriptor;
  }
  // What is more than the socket takes is forgotten.
  void fill() {
    open_far_end();
    const std::string bytes(2 * kBuffer, 'y');
    const iovec piece = runtime::piece_of(bytes);
    Output output;
    EXPECT_TRUE(output.send(connection_, {&piece, 1}).ok());
    EXPECT_EQ(output.size(), kBuffer);
  }

  SocketAddress address_ = *numeric_address("10.0.0.1", 80);
  runtime::SimulatedLoop loop_{1, {.socket_buffer = kBuffer, .cut = 0, .short_send = 0}};
  int listener_ = loop_.listen(address_.get(), address_.size);
  Connection connection_{loop_, loop_.connect(address_.get(), address_.size).descriptor};
  int far_end_ = -1;
};

TEST_F(OutputTest, is_received_without_a_bound_while_little_is_kept) {
  EXPECT_EQ(Output::most_to_receive(connection_, 0), kAnything);
  Output one;
  Output other;
  one.hold(std::string(KeptBytes::much() - 1, 'x'));
  EXPECT_EQ(Output::most_to_receive(connection_, 0), kAnything);
  other.hold("x");
  EXPECT_LT(Output::most_to_receive(connection_, 0), kAnything);
  one.drop();
  EXPECT_EQ(Output::most_to_receive(connection_, 0), kAnything);
}

TEST_F(OutputTest, what_was_received_and_waits_counts_too) {
  open_far_end();
  const std::string bytes(100, 'y');
  const iovec piece = runtime::piece_of(bytes);
  ASSERT_EQ(loop_.send(far_end_, {&piece, 1}).count, bytes.size());
  loop_.run_for(std::chrono::seconds(1));
  Scratch scratch(1000);
  Output much;
  much.hold(std::string(KeptBytes::much() - bytes.size(), 'x'));
  {
    Input waiting(scratch);
    ASSERT_EQ(waiting.fill(connection_, 1000).count, bytes.size());
    EXPECT_EQ(Output::most_to_receive(connection_, 0), kAnything) << "it lies in the scratch";
    Input next(scratch);
    EXPECT_TRUE(next.fill(connection_, 1000).would_block());
    EXPECT_EQ(Output::most_to_receive(connection_, 0), kBuffer);
  }
  EXPECT_EQ(Output::most_to_receive(connection_, 0), kAnything);
}

TEST_F(OutputTest, once_much_is_kept_what_fits_the_socket_is_received) {
  Output much;
  much.hold(std::string(KeptBytes::much(), 'x'));
  EXPECT_EQ(Output::most_to_receive(connection_, 0), kBuffer);
  fill();
  EXPECT_EQ(Output::most_to_receive(connection_, 1 << 20), kLeast) << "never nothing: whoever sends finds out";
}

TEST_F(OutputTest, once_too_much_is_kept_a_peer_gets_by_what_it_has_taken) {
  Output much;
  much.hold(std::string(2 * KeptBytes::much(), 'x'));
  EXPECT_EQ(Output::most_to_receive(connection_, 0), kLeast);
  EXPECT_EQ(Output::most_to_receive(connection_, 8000), 2000U);
  EXPECT_EQ(Output::most_to_receive(connection_, 1 << 20), 16U * 1024);
}

}  // namespace
}  // namespace fairlead::net
