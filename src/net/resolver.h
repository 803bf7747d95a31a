// Looks names up, without holding up whoever asks.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
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

// Asks the system on a thread of its own, one name after the other.
class SystemResolver final : public Resolver {
 public:
  SystemResolver();
  // Waits for the lookup that is going on; those that wait are dropped.
  ~SystemResolver() override;

  void resolve(const Endpoint& endpoint, std::move_only_function<void(Lookup)> done) override;

 private:
  struct Question {
    Endpoint endpoint;
    std::move_only_function<void(Lookup)> done;
  };

  void run();

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Question> questions_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace fairlead::net
