#include "base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

namespace fairlead {
namespace {

// Whoever changes these numbers moves the keys of all users to other servers.
TEST(Hash, is_the_same_on_every_machine_and_in_every_version) {
  static_assert(mix(0) == 0xe220a8397b1dcdaf);
  EXPECT_EQ(hash_bytes(""), 0xe220a8397b1dcdaf);
  EXPECT_EQ(hash_bytes("a"), 0xc1e5e0204f6dc8c7);
  EXPECT_EQ(hash_bytes("203.0.113.195"), 0x70c13d49deeef0a);
}

TEST(Hash, texts_that_differ_a_little_differ_in_half_of_the_bits) {
  int bits = 0;
  int pairs = 0;
  for (int last = 0; last < 1000; ++last, ++pairs) {
    const std::string text = "/images/" + std::to_string(last);
    bits += std::popcount(hash_bytes(text) ^ hash_bytes(text + "0"));
  }
  EXPECT_NEAR(bits / static_cast<double>(pairs), 32, 1);
}

TEST(Hash, tells_lengths_and_zero_bytes_apart) {
  std::set<std::uint64_t> hashes;
  for (std::size_t length = 0; length < 40; ++length) hashes.insert(hash_bytes(std::string(length, '\0')));
  EXPECT_EQ(hashes.size(), 40U);
}

}  // namespace
}  // namespace fairlead
