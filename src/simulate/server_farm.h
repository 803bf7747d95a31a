// Servers that work on so many requests at once and let the others wait in line; that die, hang or turn slow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulate/backend.h"

namespace fairlead::simulate {

// dies: refuses connections and resets what it had. hangs: accepts and never answers. slows: each request takes
// `factor` times as long from then on.
enum class FaultKind : std::uint8_t { dies, hangs, slows };

struct Fault {
  FaultKind kind = FaultKind::dies;
  std::size_t server = 0;
  Duration at{};
  double factor = 1;
};

// A part of a run, since its start.
struct Window {
  Duration from{};
  Duration until = Duration::max();
  bool contains(Duration at) const { return at >= from && at < until; }
};

class ServerFarm final : public Backend {
 public:
  // How long a connection takes to be accepted or refused: both sides are in one network.
  static constexpr Duration kConnect = std::chrono::microseconds(200);

  // One number for each server: how many requests it works on at once. `faults` in the order of time, at most one for
  // each server. What is done within `measured` counts as busy.
  ServerFarm(std::span<const std::uint32_t> slots, std::vector<Fault> faults, Window measured);

  Reply serve(const Work& work) override;
  // A page needs a free slot like any request; only connecting does not.
  Reply check(std::size_t server, Duration since_start, bool only_connects) override;
  std::vector<Upset> upsets() const override;

  // The share of their slots that was in use, of the servers that had work (a backup may have none) and neither died
  // nor hung.
  double busy() const;

 private:
  struct Machine {
    std::vector<Duration> free_at;  // per slot, a heap with the earliest first
    Duration worked{};              // within the window, over all slots
  };

  const Fault* fault_of(std::size_t server, Duration at) const;

  std::vector<Machine> machines_;
  std::vector<Fault> faults_;
  Window measured_;
};

}  // namespace fairlead::simulate
