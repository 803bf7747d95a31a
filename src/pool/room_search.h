// Some servers of a pool, among which one with room is found without a look at those that are full.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "pool/balancer.h"
#include "pool/permit.h"
#include "pool/room_map.h"

namespace fairlead::pool {

// One worker's; not thread-safe. The servers and their map outlive the next clear().
class RoomSearch {
 public:
  void clear() {
    chunks_.clear();
    slots_ = 0;
  }
  void add(Server& server);

  // A permit of a server that has room and is not one of `tried`. `start` says where the search begins: by chance, or
  // all would fall on the first servers.
  std::optional<Permit> take(const RoomMap& map, std::uint64_t start, const TriedServers& tried) const;

 private:
  struct Chunk {
    std::uint64_t summary = 0;
    std::array<std::uint64_t, RoomMap::kWordBits> words{};
    std::vector<Server*> servers;  // by slot
  };

  std::vector<Chunk> chunks_;
  std::uint64_t slots_ = 0;  // up to the last server
};

}  // namespace fairlead::pool
