// Listening sockets of the system; the rest of what they do is tested from end to end.
#include "net/listening_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket_address.h"

namespace fairlead::net {
namespace {

TEST(ListeningSocket, its_connections_send_small_messages_at_once) {
  const Endpoint endpoint{.host = "127.0.0.1", .port = 0};
  const auto sockets = open_listening_sockets(endpoint, 1);
  ASSERT_TRUE(sockets);
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ASSERT_EQ(::getsockname(sockets->front(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&bound), size), 0);
  const int accepted = ::accept(sockets->front(), nullptr, nullptr);
  int is_set = 0;
  socklen_t length = sizeof is_set;
  ASSERT_EQ(::getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &is_set, &length), 0);
  EXPECT_NE(is_set, 0);
  ::close(accepted);
  ::close(client);
  close_listening_sockets(endpoint, *sockets);
}

}  // namespace
}  // namespace fairlead::net
