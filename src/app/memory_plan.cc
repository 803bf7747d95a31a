#include "app/memory_plan.h"

#include <algorithm>

#include "http/workspace.h"
#include "net/kept_bytes.h"
#include "net/pipe_pool.h"
#include "proxy/body_budget.h"

namespace fairlead::app {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// What a process and its workers come to use by and by: logs, health checks, read buffers.
constexpr std::uint64_t kGrowth = 8 * kMiB;
constexpr std::uint64_t kGrowthOfWorker = 2 * kMiB;
constexpr std::uint64_t kLeastOfWorker = 8 * kMiB;
constexpr std::uint64_t kUsualHeads = 64 * kMiB;
// The kernel's pipes hold up to 1 MiB each.
constexpr std::uint64_t kPipe = kMiB;

// In messages they are easier to read.
std::uint64_t whole_mebibytes(std::uint64_t bytes) { return bytes / kMiB * kMiB; }

// At most that part of `whole`: a smaller one where nobody has asked for it.
std::uint64_t part_of(std::uint64_t whole, const std::optional<ByteCount>& asked, std::uint64_t usual,
                      std::uint64_t usual_divisor) {
  return asked ? std::min(asked->bytes, whole / 2) : std::min(usual, whole_mebibytes(whole / usual_divisor));
}

}  // namespace

MemoryPlan plan_memory(const Options& options, const MemoryFacts& facts, std::size_t workers) {
  const ProcessLimits& limits = options.limits;
  const std::uint64_t total = limits.memory ? limits.memory->bytes : whole_mebibytes(facts.available / 4 * 3);
  const std::uint64_t own = facts.own + kGrowth + workers * kGrowthOfWorker;
  std::uint64_t left = std::max(total > own ? total - own : 0, workers * kLeastOfWorker);
  const std::uint64_t bodies = part_of(left, limits.kept_bodies, proxy::BodyBudget::kUsualLimit, 4);
  const bool keeps_bodies = std::ranges::any_of(
      options.routes, [](const proxy::RouteOptions& route) { return route.body.buffer.has_value(); });
  if (keeps_bodies) left -= bodies;
  const std::uint64_t connections = left / workers;
  const std::uint64_t heads = part_of(left, limits.kept_heads, kUsualHeads, 8) / workers;
  return {
      .total = {total},
      .kept_bodies = {bodies},
      .worker = {.connections = connections,
                 // There is always room for one head, however large it may be.
                 .unfinished_heads = std::max(heads, std::uint64_t{http::Workspace::kMaxHead}),
                 .much_kept = std::min<std::uint64_t>(net::KeptBytes::kUsuallyMuch, connections / 16),
                 .pipes = std::min<std::uint64_t>(net::PipePool::kMostInUse, connections / 8 / kPipe)}};
}

ByteCount least_memory(const Options& options) {
  constexpr std::uint64_t kServer = 5 * 1024;
  std::uint64_t servers = 0;
  for (const auto& [name, pool] : options.pools) servers += pool.servers.size();
  return {whole_mebibytes(kGrowth + kLeastOfWorker + servers * kServer)};
}

}  // namespace fairlead::app
