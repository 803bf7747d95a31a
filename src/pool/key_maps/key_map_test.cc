#include "pool/key_maps/key_map.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/random.h"

namespace fairlead::pool {
namespace {

// Servers at consecutive addresses, since real names are alike.
std::vector<KeyPlace> places(std::size_t count, std::uint32_t weight = 100) {
  std::vector<KeyPlace> all;
  for (std::uint32_t member = 0; member < count; ++member)
    all.push_back({hash_bytes(fmt::format("10.0.{}.{}:3000", member / 250, member % 250)), weight, member});
  return all;
}

std::vector<double> counts(const KeyMap& map, std::size_t members, int keys) {
  Random random(1);
  std::vector<double> counts(members);
  for (int key = 0; key < keys; ++key) ++counts.at(map.at(random.next()));
  return counts;
}

struct Moves {
  double needed = 0;    // of keys whose server left
  double needless = 0;  // of others
};

// As shares of all keys, when the server in the middle leaves.
Moves moves_without_one(HashTable table, std::size_t count) {
  constexpr int kKeys = 200'000;
  std::vector<KeyPlace> fewer = places(count);
  const auto leaver = static_cast<std::uint32_t>(count / 2);
  fewer.erase(fewer.begin() + leaver);
  const auto before = make_key_map(table, places(count));
  const auto after = make_key_map(table, fewer);
  Random random(7);
  Moves moves;
  for (int key = 0; key < kKeys; ++key) {
    const std::uint64_t hash = random.next();
    if (before->at(hash) == leaver)
      moves.needed += 1.0 / kKeys;
    else if (before->at(hash) != after->at(hash))
      moves.needless += 1.0 / kKeys;
  }
  return moves;
}

class EveryTable : public testing::TestWithParam<HashTable> {};

TEST_P(EveryTable, has_nothing_for_no_places) { EXPECT_EQ(make_key_map(GetParam(), {}), nullptr); }

TEST_P(EveryTable, does_not_depend_on_the_order_of_the_servers) {
  std::vector<KeyPlace> shuffled = places(50);
  Random random(3);
  for (std::size_t index = shuffled.size() - 1; index > 0; --index)
    std::swap(shuffled[index], shuffled[random.below(index + 1)]);
  const auto one = make_key_map(GetParam(), places(50));
  const auto other = make_key_map(GetParam(), shuffled);
  for (int key = 0; key < 10'000; ++key) {
    const std::uint64_t hash = random.next();
    ASSERT_EQ(one->at(hash), other->at(hash));
  }
}

TEST_P(EveryTable, shares_follow_weights) {
  constexpr int kKeys = 200'000;
  std::vector<KeyPlace> all = places(4);
  for (std::uint32_t index = 0; index < 4; ++index) all[index].weight = 100 * (index + 1);
  const std::vector<double> found = counts(*make_key_map(GetParam(), all), 4, kKeys);
  // A ring's arcs are at random; its spread is that of 256 points.
  const double tolerance = GetParam() == HashTable::ring ? 0.25 : 0.03;
  for (std::size_t index = 0; index < 4; ++index) {
    const double expected = kKeys * static_cast<double>(index + 1) / 10;
    EXPECT_NEAR(found[index], expected, expected * tolerance) << index;
  }
}

TEST_P(EveryTable, a_server_that_leaves_moves_its_own_keys_and_hardly_any_other) {
  for (const std::size_t count : {4, 60}) {
    const Moves moves = moves_without_one(GetParam(), count);
    EXPECT_GT(moves.needed, 0);
    EXPECT_LE(moves.needless, GetParam() == HashTable::maglev ? 0.01 : 0) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(KeyMap, EveryTable,
                         testing::Values(HashTable::maglev, HashTable::ring, HashTable::rendezvous));

// The figures of the paper (NSDI 2016, 5.3): with 65,537 entries and 1,000 servers.
TEST(Maglev, a_thousand_servers_are_within_one_percent_of_even) {
  const auto map = make_maglev(places(1000), kMaglevEntries);
  std::vector<double> entries(1000);
  for (std::uint64_t entry = 0; entry < kMaglevEntries; ++entry) ++entries[map->at(entry)];
  const double even = kMaglevEntries / 1000.0;
  EXPECT_LE(*std::ranges::max_element(entries), even * 1.01);
  EXPECT_GE(*std::ranges::min_element(entries), even * 0.99);
}

TEST(Maglev, a_thousand_servers_move_at_most_one_needless_key_in_a_hundred) {
  const Moves moves = moves_without_one(HashTable::maglev, 1000);
  EXPECT_NEAR(moves.needed, 0.001, 0.0003);
  EXPECT_LE(moves.needless, 0.01);
}

TEST(Maglev, weights_that_differ_beyond_the_table_leave_each_server_an_entry) {
  std::vector<KeyPlace> all = places(900, 1);
  all[0].weight = 10'000'000;
  const auto map = make_maglev(all, kMaglevEntries);
  std::vector<int> entries(900);
  for (std::uint64_t entry = 0; entry < kMaglevEntries; ++entry) ++entries[map->at(entry)];
  EXPECT_GE(*std::ranges::min_element(entries), 1);
}

TEST(Maglev, large_pools_get_a_larger_table) {
  const std::vector<double> found = counts(*make_key_map(HashTable::maglev, places(5000)), 5000, 1'000'000);
  // 200 keys each: six standard deviations of that.
  for (const double count : found) EXPECT_NEAR(count, 200, 6 * std::sqrt(200));
}

}  // namespace
}  // namespace fairlead::pool
