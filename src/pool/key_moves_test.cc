#include "pool/key_moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

std::shared_ptr<const Pool> pool_of(std::vector<std::uint32_t> weights, PoolOptions options = {}) {
  if (options.algorithm == Algorithm::least_requests) options.algorithm = Algorithm::hash;
  return TestServers(weights).pool(std::move(options));
}

std::vector<std::string> words_of(const std::shared_ptr<const Pool>& before, const std::shared_ptr<const Pool>& after) {
  return key_move_words(std::span(&before, 1), std::span(&after, 1));
}

TEST(KeyMoves, one_of_four_that_leaves_moves_its_keys_and_hardly_more) {
  const auto before = pool_of({100, 100, 100, 100});
  const auto after = pool_of({100, 100, 100});
  const auto moves = key_moves(*before, *after);
  ASSERT_TRUE(moves);
  EXPECT_EQ(moves->left, 1u);
  EXPECT_EQ(moves->joined, 0u);
  EXPECT_DOUBLE_EQ(moves->needed, 0.25);
  EXPECT_NEAR(moves->moved, 0.255, 0.01);
  EXPECT_THAT(words_of(before, after),
              ElementsAre(MatchesRegex("pool web: 1 of 4 servers leaves; 2.\\.. % of keys move \\(25\\.0 % must\\)")));
}

TEST(KeyMoves, a_ring_and_rendezvous_move_what_must_and_no_more) {
  for (const HashTable table : {HashTable::ring, HashTable::rendezvous}) {
    PoolOptions options;
    options.hash.table = table;
    const auto moves = key_moves(*pool_of({100, 100, 100, 100}, options), *pool_of({100, 100, 100, 100, 100}, options));
    ASSERT_TRUE(moves);
    EXPECT_EQ(moves->joined, 1u);
    EXPECT_DOUBLE_EQ(moves->needed, 0.2);
    EXPECT_NEAR(moves->moved, 0.2, 0.03);
  }
}

TEST(KeyMoves, a_weight_that_changes_moves_the_difference) {
  const auto moves = key_moves(*pool_of({100, 100}), *pool_of({100, 300}));
  ASSERT_TRUE(moves);
  EXPECT_DOUBLE_EQ(moves->needed, 0.25);
  EXPECT_NEAR(moves->moved, 0.25, 0.02);
}

TEST(KeyMoves, there_is_nothing_to_say_where_nothing_changed_or_nothing_hashes) {
  EXPECT_THAT(words_of(pool_of({100, 100}), pool_of({100, 100})), IsEmpty());
  PoolOptions other;
  other.algorithm = Algorithm::round_robin;
  EXPECT_THAT(words_of(pool_of({100, 100}, other), pool_of({100}, other)), IsEmpty());
  EXPECT_THAT(words_of(pool_of({100, 100}), pool_of({100}, other)), IsEmpty());
  EXPECT_THAT(key_move_words({}, std::vector{pool_of({100})}), IsEmpty());
}

TEST(KeyMoves, another_key_is_said_to_move_everybody) {
  PoolOptions other;
  other.hash.key.kind = HashKey::Kind::path;
  EXPECT_THAT(words_of(pool_of({100, 100}), pool_of({100, 100}, other)),
              ElementsAre("pool web: it hashes another key; every client may go to another server"));
}

}  // namespace
}  // namespace fairlead::pool
