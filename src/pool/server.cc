#include "pool/server.h"

#include <algorithm>
#include <optional>

namespace fairlead::pool {

Server::Server(std::shared_ptr<PoolVitals> vitals, std::string pool, std::string name, net::Endpoint endpoint,
               std::uint32_t weight)
    : vitals_(std::move(vitals)),
      room_slot_(vitals_->room.add_slot()),
      pool_(std::move(pool)),
      name_(std::move(name)),
      endpoint_(std::move(endpoint)) {
  published_.weight.store(weight, std::memory_order_relaxed);
  if (const std::optional<net::SocketAddress> known = net::address_without_lookup(endpoint_))
    publish_address(*known);
  else
    published_.state.store(ServerState::unresolved, std::memory_order_relaxed);
}

Server::~Server() { vitals_->room.remove_slot(room_slot_); }

void Server::note_full() {
  vitals_->room.clear(room_slot_);
  const std::uint32_t limit = published_.max_inflight.load(std::memory_order_seq_cst) & ~kLearned;
  if (limit == 0 || load_.in_flight.load(std::memory_order_seq_cst) < limit) vitals_->room.set(room_slot_);
}

std::uint32_t Server::effective_weight(TimePoint now) const {
  const std::uint32_t full = weight() * kWeightScale;
  const ServerState shown = state();
  const auto part = [full](double share) {
    return std::max(static_cast<std::uint32_t>(static_cast<double>(full) * share), std::uint32_t{1});
  };
  if (full == 0 || (shown != ServerState::warming && shown != ServerState::slow)) return full;
  if (shown == ServerState::slow) return part(kSlowShare);
  const auto warmup = published_.warmup.load(std::memory_order_relaxed);
  const auto elapsed = now.time_since_epoch().count() - published_.warmup_start.load(std::memory_order_relaxed);
  if (elapsed >= warmup) return full;
  return part(std::max(static_cast<double>(elapsed) / static_cast<double>(warmup), kColdShare));
}

bool Server::record_failure() {
  const std::uint64_t failures = failure_.failures.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::uint32_t in_a_row = failure_.in_a_row.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool ends_a_run = in_a_row == failure_.run_limit.load(std::memory_order_relaxed);
  if (!ends_a_run && failures < failure_.suspect_at.load(std::memory_order_relaxed)) return false;
  // Of several workers that cross the threshold together, one tells.
  return failure_.suspect_at.exchange(kNeverSuspect, std::memory_order_relaxed) != kNeverSuspect;
}

void Server::publish_state(ServerState state, TimePoint warmup_start, Duration warmup) {
  published_.warmup_start.store(warmup_start.time_since_epoch().count(), std::memory_order_relaxed);
  published_.warmup.store(warmup.count(), std::memory_order_relaxed);
  published_.state.store(state, std::memory_order_relaxed);
  // What it was like before it failed or was slow says nothing of it now.
  if (state == ServerState::warming) {
    load_.latency.forget();
    load_latency_.forget();
  }
  announce_change();
}

void Server::publish_weight(std::uint32_t weight) {
  published_.weight.store(weight, std::memory_order_relaxed);
  announce_change();
}

void Server::publish_max_inflight(std::uint32_t limit) {
  published_.max_inflight.store(limit, std::memory_order_seq_cst);
  vitals_->room.set(room_slot_);
  announce_change();
}

void Server::learn_max_inflight() {
  if (!learns_max_inflight()) publish_max_inflight(LearnedLimit::kFirst | kLearned);
}

void Server::record_answer_time(Duration wait, TimePoint now) {
  std::uint32_t held = published_.max_inflight.load(std::memory_order_relaxed);
  if ((held & kLearned) == 0) return;
  const std::uint32_t limit = held & ~kLearned;
  const std::optional<std::uint32_t> next = learned_limit_.record(wait, in_flight(), limit, now);
  if (!next || !published_.max_inflight.compare_exchange_strong(held, *next | kLearned, std::memory_order_seq_cst))
    return;
  if (*next <= limit) return;
  vitals_->room.set(room_slot_);
  vitals_->waiting_line.call();
}

void Server::announce_change() {
  vitals_->epoch.fetch_add(1, std::memory_order_seq_cst);
  vitals_->waiting_line.call();
}

void Server::publish_address(const net::SocketAddress& address) {
  auto known = std::ranges::find_if(addresses_, [&](const auto& earlier) { return *earlier == address; });
  if (known == addresses_.end())
    known = addresses_.insert(addresses_.end(), std::make_unique<const net::SocketAddress>(address));
  published_.address.store(known->get(), std::memory_order_release);
}

void Server::publish_suspect_at(std::uint64_t failures) {
  failure_.suspect_at.store(failures, std::memory_order_relaxed);
}

}  // namespace fairlead::pool
