// Looks names up, without holding up whoever asks.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/endpoint.h"
#include "net/socket_address.h"

namespace fairlead::net {

// What a lookup found: addresses in the system's order of preference, or why there are none.
struct Lookup {
  std::vector<SocketAddress> addresses;
  std::string error;
};

// Asks the system (hosts file, DNS). Blocks.
Lookup look_up(const Endpoint& endpoint);

// The seam for tests and simulations.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // Calls `done` once, on any thread, at once or later.
  virtual void resolve(const Endpoint& endpoint, std::move_only_function<void(Lookup)> done) = 0;
};

// Asks the system on threads of its own, a few names at a time.
class SystemResolver final : public Resolver {
 public:
  using LookUp = Lookup (*)(const Endpoint&);

  // `look_up` blocks; tests bring one that does so for ever.
  explicit SystemResolver(LookUp look_up = net::look_up);
  // Waits for no lookup: the answers of those that are going on, and the names that wait, are dropped. Nobody is called
  // any more once this returns.
  ~SystemResolver() override;

  // `done` must not ask again from within.
  void resolve(const Endpoint& endpoint, std::move_only_function<void(Lookup)> done) override;

 private:
  // One name that hangs does not hold up the others.
  static constexpr std::size_t kThreads = 4;
  // What the threads work on. A thread in a lookup that hangs keeps it after our end.
  struct Desk;

  std::shared_ptr<Desk> desk_;
  std::array<std::thread, kThreads> threads_;
};

}  // namespace fairlead::net
