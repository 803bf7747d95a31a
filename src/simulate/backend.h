// What the servers of a simulated pool do, of which the balancer only sees answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace fairlead::simulate {

// A try that reaches a server.
struct Work {
  std::size_t server;
  Duration since_start{};
  std::uint32_t in_flight;  // on this server, with this one
  Duration duration{};      // as the arrival has it
};

// How a server answers, unless somebody stops waiting first.
struct Reply {
  Duration after{};  // max: never
  int status = 200;
  std::optional<Error> error = {};  // instead of a status
};

// From now on, what a server had in flight is not answered any more.
struct Upset {
  Duration at{};
  std::size_t server;
  bool resets;  // its clients see a reset at once; else they wait in vain
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual Reply serve(const Work& work) = 0;
  // How an active check would end that begins now.
  virtual Reply check(std::size_t /*server*/, Duration /*since_start*/, bool /*only_connects*/) {
    return {.after = std::chrono::milliseconds(1)};
  }
  // In the order of time.
  virtual std::vector<Upset> upsets() const { return {}; }
};

}  // namespace fairlead::simulate
