// Everything that a seed decides before a simulation runs: who takes part, how they behave, what happens when.
#pragma once

#include <cstdint>
#include <vector>

#include "app/options.h"
#include "runtime/simulated/simulated_loop.h"
#include "sim/client.h"
#include "sim/server.h"

namespace fairlead::sim {

// How a server behaves as a whole.
enum class Character { well, refuses, silent, wild };

struct ServerPlan {
  Character character = Character::well;
  ServerScript script;
  std::uint64_t seed = 0;
};

struct Happening {
  enum class Kind { reload, crash, revive };
  Kind kind{};
  Duration when{};
  std::size_t server = 0;
  app::Options options;  // of a reload
};

struct Scenario {
  // One server at least is well, and the others refuse at most: then every GET must succeed.
  bool is_kind = false;
  runtime::NetworkConditions network;
  app::Options options;
  std::vector<ServerPlan> servers;
  std::vector<std::pair<ClientScript, std::uint64_t>> clients;  // with their seeds; `begins` counts from 0
  std::vector<Happening> happenings;
  std::optional<Duration> drain;  // before the traffic is over
  std::optional<Duration> stop;   // likewise, cutting everything
};

inline constexpr std::uint16_t kServerPort = 8000;  // of the first one; the others follow

Scenario make_scenario(std::uint64_t seed);

}  // namespace fairlead::sim
