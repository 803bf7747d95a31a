#include "pool/sticky_table.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/random.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

TEST(StickyTable, a_session_is_found_until_it_was_not_used_for_its_time) {
  StickyTable table;
  EXPECT_EQ(table.find(7, 1h, kTestStart), std::nullopt);
  table.remember(7, 42, kTestStart);
  EXPECT_EQ(table.find(7, 10s, kTestStart + 9s), 42U);
  EXPECT_EQ(table.find(7, 10s, kTestStart + 18s), 42U) << "it was used nine seconds ago";
  EXPECT_EQ(table.find(7, 10s, kTestStart + 28s), std::nullopt);
}

TEST(StickyTable, a_session_that_moved_is_found_at_its_new_server) {
  StickyTable table;
  table.remember(7, 1, kTestStart);
  table.remember(7, 2, kTestStart);
  EXPECT_EQ(table.find(7, 1h, kTestStart), 2U);
}

TEST(StickyTable, keys_of_any_value_and_large_ids_are_kept) {
  StickyTable table;
  for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    table.remember(key, StickyTable::kIdMask, kTestStart);
    EXPECT_EQ(table.find(key, 1h, kTestStart), StickyTable::kIdMask);
  }
}

TEST(StickyTable, a_full_table_forgets_who_was_there_least_recently) {
  StickyTable table;
  Random random(1);
  for (std::size_t session = 0; session < 2 * StickyTable::kEntries; ++session) {
    table.remember(random.next(), 1, kTestStart);
  }
  const std::uint64_t mine = random.next();
  table.remember(mine, 2, kTestStart + 1s);
  EXPECT_EQ(table.find(mine, 1h, kTestStart + 2s), 2U);
  for (std::size_t session = 0; session < StickyTable::kEntries / 100; ++session) {
    table.remember(random.next(), 1, kTestStart + 3s);
  }
  EXPECT_EQ(table.find(mine, 1h, kTestStart + 3s), 2U) << "others were idle for longer";
}

TEST(StickyTable, workers_never_find_a_server_that_nobody_remembered) {
  StickyTable table;
  std::vector<std::thread> workers;
  for (std::uint64_t worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&table, worker] {
      Random random(worker);
      for (int step = 0; step < 50'000; ++step) {
        const std::uint64_t key = 2 + random.below(64) * StickyTable::kEntries;  // all in one set
        if (random.chance(0.5)) {
          table.remember(key, key % 1'000'003, kTestStart);
        } else if (const auto found = table.find(key, 1h, kTestStart)) {
          EXPECT_LT(*found, 1'000'003U);
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace
}  // namespace fairlead::pool
