// Opens listening sockets. The engine itself never does: it is given them, so that they can outlive it.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "net/endpoint.h"

namespace fairlead::net {

// Why an address could not be listened on.
struct ListenError {
  enum class Cause : std::uint8_t { in_use, not_permitted, not_local, unresolved, other };
  Cause cause = Cause::other;
  Endpoint endpoint;
  std::string detail;  // what the system said
};

// `count` sockets that listen on `endpoint`, one per worker, so that the kernel spreads connections over them
// (SO_REUSEPORT). A Unix socket is opened once and handed out `count` times. Refuses an address that any other process
// listens on, even one that would share it. An empty host is every local address, of both families where there are two.
// Looks names up and may block: not for a worker.
std::expected<std::vector<int>, ListenError> open_listening_sockets(const Endpoint& endpoint, std::size_t count);

// Closes them, and removes the file of a Unix socket.
void close_listening_sockets(const Endpoint& endpoint, const std::vector<int>& sockets);

// True for addresses that only this machine can reach.
bool is_loopback(const Endpoint& endpoint);

}  // namespace fairlead::net
