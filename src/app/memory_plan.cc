#include "app/memory_plan.h"

#include <algorithm>

#include "base/assert.h"
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
// What a worker needs to be of use.
constexpr std::uint64_t kWorker = 8 * kMiB;
constexpr std::uint64_t kUsualHeads = 64 * kMiB;
// The kernel's pipes hold up to 1 MiB each.
constexpr std::uint64_t kPipe = kMiB;

// In messages they are easier to read.
std::uint64_t whole_mebibytes(std::uint64_t bytes) { return bytes / kMiB * kMiB; }

// What was asked for as far as there is that much, else a part.
std::uint64_t part_of(std::uint64_t whole, const std::optional<ByteCount>& asked, std::uint64_t usual,
                      std::uint64_t usual_divisor) {
  return asked ? std::min(asked->bytes, whole) : std::min(usual, whole_mebibytes(whole / usual_divisor));
}

std::uint64_t total_memory(const ProcessLimits& limits, std::uint64_t available) {
  return limits.memory ? limits.memory->bytes : whole_mebibytes(available / 4 * 3);
}

}  // namespace

MemoryPlan plan_memory(const Options& options, const MemoryFacts& facts, std::size_t workers) {
  FAIRLEAD_ASSERT(workers > 0);
  const ProcessLimits& limits = options.limits;
  const std::uint64_t total = total_memory(limits, facts.available);
  const std::uint64_t own = facts.own + kGrowth + workers * kGrowthOfWorker;
  // What was not foreseen takes no more than half of it.
  const std::uint64_t left = total - std::min(own, total / 2);
  const std::uint64_t bodies = part_of(left, limits.kept_bodies, proxy::BodyBudget::kUsualLimit, 4);
  const std::uint64_t connections = left / workers;
  const std::uint64_t heads = part_of(left, limits.kept_heads, kUsualHeads, 8) / workers;
  return {.total = {total},
          .kept_bodies = {bodies},
          .worker = {.connections = connections,
                     // There is always room for one head, however large it may be.
                     .unfinished_heads = std::max(heads, std::uint64_t{http::Workspace::kMaxHead}),
                     .much_kept = std::min<std::uint64_t>(net::KeptBytes::kUsuallyMuch, connections / 16),
                     .pipes = std::min<std::uint64_t>(net::PipePool::kMostInUse, connections / 8 / kPipe)}};
}

std::size_t default_workers(const Options& options, std::uint64_t available, std::size_t cores) {
  constexpr std::uint64_t kEach = 32 * kMiB;
  return std::clamp<std::size_t>(total_memory(options.limits, available) / kEach, 1, std::max<std::size_t>(cores, 1));
}

ByteCount memory_of_servers(const Options& options) {
  constexpr std::uint64_t kServer = 5 * 1024;
  std::uint64_t servers = 0;
  for (const auto& [name, pool] : options.pools) servers += pool.servers.size();
  return {servers * kServer};
}

ByteCount least_memory(const Options& options) {
  const std::uint64_t workers = options.workers.value_or(1);
  return {whole_mebibytes(kGrowth + workers * (kGrowthOfWorker + kWorker) + memory_of_servers(options).bytes)};
}

}  // namespace fairlead::app
