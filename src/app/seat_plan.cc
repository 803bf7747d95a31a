#include "app/seat_plan.h"

#include <algorithm>

#include "app/descriptor_limit.h"

namespace fairlead::app {

void SeatPlan::apply(const Options& options, std::size_t workers, std::uint64_t descriptors, Random& random) {
  DescriptorNeeds needs{.workers = workers, .addresses = 0, .servers = 0};
  for (const auto& [name, listener] : options.listeners) {
    needs.addresses += listener.address.size();
    needs.asked += listener.limits.connections.value_or(0);
  }
  for (const auto& [name, pool] : options.pools) needs.servers += pool.servers.size();
  const std::uint32_t most = automatic_connections(descriptors, needs);
  process_.set_limit(most);
  for (const auto& [name, listener] : options.listeners) {
    Shared& shared = shared_[name];
    shared.limits = listener.limits;
    if (shared.seats == nullptr) shared.seats = std::make_shared<proxy::ListenerSeats>(process_);
    const std::uint32_t connections = listener.limits.connections.value_or(proxy::Seating::kUnlimited);
    shared.seats->own().set_limit(connections);
    if (!listener.limits.per_client) {
      shared.clients.reset();
    } else if (shared.clients == nullptr) {
      shared.clients = std::make_shared<proxy::ClientTable>(std::min(connections, most), random.next());
    }
  }
}

proxy::ClientLimit SeatPlan::client_limit(const std::string& listener) const {
  const Shared& shared = shared_.at(listener);
  return {.table = shared.clients, .most = shared.limits.per_client.value_or(0)};
}

std::vector<ListenerLoad> SeatPlan::loads() const {
  std::vector<ListenerLoad> loads;
  for (const auto& [name, shared] : shared_) {
    loads.push_back({.name = name,
                     .seats = shared.seats.get(),
                     .connections = shared.limits.connections,
                     .per_client = shared.limits.per_client,
                     .min_rate = shared.limits.min_rate});
  }
  return loads;
}

}  // namespace fairlead::app
