#include "app/memory_plan.h"

#include <gtest/gtest.h>

#include "net/kept_bytes.h"
#include "net/pipe_pool.h"

namespace fairlead::app {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

Options keeping_bodies() {
  Options options;
  options.routes = {{.body = {.buffer = ByteCount{kMiB}}}};
  return options;
}

std::uint64_t sum(const MemoryPlan& plan, std::size_t workers) { return workers * plan.worker.connections; }

TEST(MemoryPlan, takes_three_quarters_of_what_there_is) {
  EXPECT_EQ(plan_memory({}, {.available = 4 * kGiB}, 2).total, ByteCount{3 * kGiB});
  Options options;
  options.limits.memory = ByteCount{kGiB};
  EXPECT_EQ(plan_memory(options, {.available = 4 * kGiB}, 2).total, ByteCount{kGiB});
}

TEST(MemoryPlan, what_is_given_out_and_what_is_in_use_are_no_more_than_there_is) {
  for (const std::uint64_t available : {64 * kMiB, 256 * kMiB, kGiB, 64 * kGiB}) {
    for (const std::size_t workers : {1U, 2U}) {
      const MemoryPlan plan = plan_memory(keeping_bodies(), {.available = available, .own = 5 * kMiB}, workers);
      EXPECT_LE(sum(plan, workers) + 5 * kMiB, plan.total.bytes) << available << " " << workers;
      EXPECT_GE(sum(plan, workers), plan.total.bytes / 2) << available << " " << workers;
    }
  }
}

TEST(MemoryPlan, a_large_machine_has_the_usual_limits) {
  const MemoryPlan plan = plan_memory(keeping_bodies(), {.available = 16 * kGiB, .own = 100 * kMiB}, 2);
  EXPECT_EQ(plan.kept_bodies, ByteCount{256 * kMiB});
  EXPECT_EQ(plan.worker.unfinished_heads, 32 * kMiB);
  EXPECT_EQ(plan.worker.much_kept, net::KeptBytes::kUsuallyMuch);
  EXPECT_EQ(plan.worker.pipes, net::PipePool::kMostInUse);
}

TEST(MemoryPlan, a_small_container_has_smaller_ones) {
  const MemoryPlan plan = plan_memory(keeping_bodies(), {.available = 64 * kMiB, .own = 4 * kMiB}, 1);
  EXPECT_LE(plan.kept_bodies.bytes, 12 * kMiB);
  EXPECT_LE(plan.worker.unfinished_heads, plan.worker.connections / 8);
  EXPECT_LE(plan.worker.much_kept, plan.worker.connections / 16);
  EXPECT_LE(plan.worker.pipes, 4U);
}

TEST(MemoryPlan, what_is_asked_for_is_given_as_far_as_there_is_room) {
  Options options = keeping_bodies();
  options.limits.kept_bodies = ByteCount{2 * kGiB};
  options.limits.kept_heads = ByteCount{256 * kMiB};
  const MemoryPlan plan = plan_memory(options, {.available = 16 * kGiB}, 4);
  EXPECT_EQ(plan.kept_bodies, ByteCount{2 * kGiB});
  EXPECT_EQ(plan.worker.unfinished_heads, 64 * kMiB);
  const MemoryPlan small = plan_memory(options, {.available = kGiB}, 4);
  EXPECT_LT(small.kept_bodies, small.total);
  EXPECT_LE(sum(small, 4), small.total.bytes);
}

TEST(MemoryPlan, what_was_not_foreseen_takes_half_at_most) {
  const MemoryPlan plan = plan_memory({}, {.available = 64 * kMiB, .own = 100 * kMiB}, 4);
  EXPECT_EQ(plan.worker.connections, 6 * kMiB);
  EXPECT_GE(plan.worker.unfinished_heads, 256 * 1024U);
}

TEST(MemoryPlan, there_are_no_more_workers_than_can_work) {
  EXPECT_EQ(default_workers({}, 64 * kGiB, 16), 16U);
  EXPECT_EQ(default_workers({}, 256 * kMiB, 64), 6U);
  EXPECT_EQ(default_workers({}, 32 * kMiB, 64), 1U);
  EXPECT_EQ(default_workers({}, kGiB, 0), 1U);
  Options options;
  EXPECT_LE(least_memory(options).bytes, 32 * kMiB);
  options.workers = 16;
  EXPECT_GT(least_memory(options).bytes, 128 * kMiB);
}

TEST(MemoryPlan, many_servers_need_memory_before_the_first_client) {
  Options options;
  EXPECT_LE(least_memory(options).bytes, 32 * kMiB);
  options.pools["web"].servers.resize(20'000);
  EXPECT_GE(least_memory(options).bytes, 100 * kMiB);
}

}  // namespace
}  // namespace fairlead::app
