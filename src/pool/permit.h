// The right to have one request in flight on a server; counts it, and holds the server's `max_inflight` exactly.
#pragma once

#include <optional>
#include <utility>

#include "pool/server.h"

namespace fairlead::pool {

// Gives back in its destructor. The server must outlive it (the exchange's snapshot sees to that). Any thread may hold
// one.
class Permit {
 public:
  Permit() = default;
  // Takes one whatever the limit.
  explicit Permit(Server& server);
  // Takes one, or none where the server is full. However many threads try, the limit is never passed.
  static std::optional<Permit> try_take(Server& server);
  Permit(Permit&& other) noexcept : server_(std::exchange(other.server_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept;
  ~Permit() { release(); }

  // Null once it was given back or moved from.
  Server* server() const { return server_; }
  // Gives back early, and calls whoever waits for it; harmless when repeated.
  void release();

 private:
  Server* server_ = nullptr;
};

}  // namespace fairlead::pool
