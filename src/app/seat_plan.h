// The seats of all listeners: made from the options, kept over reloads, shared by all workers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/options.h"
#include "base/random.h"
#include "base/units.h"
#include "proxy/seats.h"

namespace fairlead::app {

// How full a listener is, with its limits.
struct ListenerLoad {
  std::string name;
  const proxy::ListenerSeats* seats = nullptr;
  std::optional<std::uint32_t> connections = {};  // as configured; empty: what the process may have
  std::optional<std::uint32_t> per_client = {};
  std::optional<ByteRate> min_rate = {};
  ByteCount memory = {};  // that all listeners and everything else may use
};

// Control thread only. Outlives every session.
class SeatPlan {
 public:
  // `descriptors` is what this process may have open. Connections above a lower limit stay.
  void apply(const Options& options, std::size_t workers, std::uint64_t descriptors, Random& random);

  // Of a listener in the options applied last.
  std::shared_ptr<proxy::ListenerSeats> seats(const std::string& listener) const { return shared_.at(listener).seats; }
  proxy::ClientLimit client_limit(const std::string& listener) const;
  std::vector<ListenerLoad> loads() const;

 private:
  struct Shared {
    std::shared_ptr<proxy::ListenerSeats> seats;
    std::shared_ptr<proxy::ClientTable> clients;  // null: not counted
    proxy::ListenerLimits limits;
  };

  proxy::Seating process_;
  std::map<std::string, Shared> shared_;  // one that is gone is kept: it may come back, and its connections may last
};

}  // namespace fairlead::app
