#include "simulate/server_farm.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/assert.h"

namespace fairlead::simulate {
namespace {

constexpr Error kRefused{.code = ErrorCode::connect_refused,
                         .blame = Blame::upstream,
                         .retry_is_safe = true,
                         .detail = "the server is dead"};

Duration scaled(Duration duration, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

}  // namespace

ServerFarm::ServerFarm(std::span<const std::uint32_t> slots, std::vector<Fault> faults, Window measured)
    : faults_(std::move(faults)), measured_(measured) {
  for (const std::uint32_t count : slots) {
    FAIRLEAD_ASSERT(count > 0);
    machines_.push_back({.free_at = std::vector<Duration>(count, Duration::zero())});
  }
}

Reply ServerFarm::serve(const Work& work) {
  double slowness = 1;
  if (const Fault* fault = fault_of(work.server, work.since_start)) {
    if (fault->kind == FaultKind::dies) return {.after = kConnect, .error = kRefused};
    if (fault->kind == FaultKind::hangs) return {.after = Duration::max()};
    slowness = fault->factor;
  }
  Machine& machine = machines_[work.server];
  std::ranges::pop_heap(machine.free_at, std::greater());
  Duration& slot = machine.free_at.back();
  const Duration began = std::max(slot, work.since_start + kConnect);
  slot = began + scaled(work.duration, slowness);
  const Duration counted = std::min(slot, measured_.until) - std::max(began, measured_.from);
  machine.worked += std::max(counted, Duration::zero());
  const Duration after = slot - work.since_start;
  std::ranges::push_heap(machine.free_at, std::greater());
  return {.after = after};
}

Reply ServerFarm::check(std::size_t server, Duration since_start, bool only_connects) {
  const Fault* fault = fault_of(server, since_start);
  if (fault != nullptr && fault->kind == FaultKind::dies) return {.after = kConnect, .error = kRefused};
  if (only_connects) return {.after = kConnect};
  if (fault != nullptr && fault->kind == FaultKind::hangs) return {.after = Duration::max()};
  const Duration slot_free = machines_[server].free_at.front();
  return {.after = std::max(slot_free - since_start, Duration::zero()) + kConnect};
}

std::vector<Upset> ServerFarm::upsets() const {
  std::vector<Upset> upsets;
  for (const Fault& fault : faults_) {
    if (fault.kind == FaultKind::slows) continue;
    upsets.push_back({.at = fault.at, .server = fault.server, .resets = fault.kind == FaultKind::dies});
  }
  return upsets;
}

double ServerFarm::busy() const {
  Duration worked{};
  std::size_t slots = 0;
  for (std::size_t server = 0; server < machines_.size(); ++server) {
    const Fault* fault = fault_of(server, measured_.until);
    if (fault != nullptr && fault->kind != FaultKind::slows) continue;
    if (machines_[server].worked == Duration::zero()) continue;
    worked += machines_[server].worked;
    slots += machines_[server].free_at.size();
  }
  const double available = static_cast<double>(slots) * static_cast<double>((measured_.until - measured_.from).count());
  return available > 0 ? static_cast<double>(worked.count()) / available : 0;
}

const Fault* ServerFarm::fault_of(std::size_t server, Duration at) const {
  for (const Fault& fault : faults_)
    if (fault.server == server && fault.at <= at) return &fault;
  return nullptr;
}

}  // namespace fairlead::simulate
