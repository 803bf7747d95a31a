// Finds out whether servers take connections, on sockets that are used again and again.
//
// A server that is probed never hears of it: the connection is dropped before its program could accept it, so there is
// nothing to serve and nothing to log. Most of what a connect and a close cost is the kernel's making and unmaking of a
// socket; a probe does without.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/connection.h"
#include "net/socket_address.h"
#include "runtime/event_loop.h"

namespace fairlead::net {

// Belongs to one thread.
class ConnectProbes {
 public:
  // The loop outlives it.
  explicit ConnectProbes(runtime::EventLoop& loop) : loop_(loop) {}

  // Whether such an address can be probed: of a network, and one that leaves no trace in a socket. An IPv4 address that
  // is written as IPv6 makes it one for IPv4, and a scope binds it to a device.
  static bool can_reach(const SocketAddress& address);

  // A connection that becomes writable when its connect has ended (see EventLoop::connect_error); or an `errno`.
  struct Begun {
    std::unique_ptr<Connection> connection;
    int error = 0;
  };
  Begun begin(const SocketAddress& address);
  // Takes back a connection whose connect has ended well. One that failed or was given up is destroyed instead.
  void end(std::unique_ptr<Connection> connection, const SocketAddress& address);
  // Closes the sockets that are kept.
  void clear();

 private:
  // Unused sockets that are kept, for each family: about as many as are probed at once.
  static constexpr std::size_t kMostSpare = 128;

  std::vector<std::unique_ptr<Connection>>& spare(const SocketAddress& address);

  runtime::EventLoop& loop_;
  std::vector<std::unique_ptr<Connection>> spare_ipv4_;
  std::vector<std::unique_ptr<Connection>> spare_ipv6_;
};

}  // namespace fairlead::net
