#include "pool/permit.h"

namespace fairlead::pool {

Permit::Permit(Server& server) : server_(&server) {
  server.load_.in_flight.fetch_add(1, std::memory_order_relaxed);
  server.load_.requests.fetch_add(1, std::memory_order_relaxed);
}

std::optional<Permit> Permit::try_take(Server& server) {
  const std::uint32_t limit = server.max_inflight();
  if (limit == 0) return Permit(server);
  // Sequentially consistent, and so is the length of the waiting line: either who gives back sees who waits, or who
  // waits sees what was given back.
  std::uint32_t held = server.load_.in_flight.load(std::memory_order_seq_cst);
  do {
    if (held >= limit) return std::nullopt;
  } while (!server.load_.in_flight.compare_exchange_weak(held, held + 1, std::memory_order_seq_cst));
  server.load_.requests.fetch_add(1, std::memory_order_relaxed);
  if (held + 1 >= limit) server.note_full();
  Permit permit;
  permit.server_ = &server;
  return permit;
}

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    release();
    server_ = std::exchange(other.server_, nullptr);
  }
  return *this;
}

void Permit::release() {
  Server* server = std::exchange(server_, nullptr);
  if (server == nullptr) return;
  const std::uint32_t held = server->load_.in_flight.fetch_sub(1, std::memory_order_seq_cst);
  const std::uint32_t limit = server->max_inflight();
  if (limit == 0) return;  // Nobody waits for it.
  // What makes room is the first to go below the limit. Whoever is called next has to find it.
  if (held == limit) server->vitals_->room.set(server->room_slot_);
  server->vitals_->waiting_line.call();
}

}  // namespace fairlead::pool
