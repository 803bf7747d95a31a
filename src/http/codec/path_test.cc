#include "http/codec/path.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/random.h"

namespace fairlead::http {
namespace {

struct Outcome {
  std::string path;
  Rule rule;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome normal(std::string_view path, const PathPolicy& policy = {}) {
  std::array<char, 256> space;
  const NormalPath found = normal_path(path, policy, space);
  return {std::string(found.path), found.rule};
}

std::string path_of(std::string_view path, const PathPolicy& policy = {}) {
  const Outcome outcome = normal(path, policy);
  EXPECT_EQ(outcome.rule, Rule::none) << path;
  return outcome.path;
}

Rule rule_of(std::string_view path) { return normal(path).rule; }

TEST(NormalPath, a_normal_path_is_not_copied) {
  const std::string path = "/api/v1/users.json;a=b/@me!$&'()*+,=:";
  EXPECT_EQ(normal_path(path, {}, {}).path.data(), path.data());
}

TEST(NormalPath, escapes_of_unreserved_characters_are_decoded) {
  EXPECT_EQ(path_of("/%61%44min%2d%2E%5f%7e"), "/aDmin-._~");
}

TEST(NormalPath, other_escapes_stay_and_get_capitals) { EXPECT_EQ(path_of("/a%20b%c3%a9%3f"), "/a%20b%C3%A9%3F"); }

TEST(NormalPath, dot_segments_are_resolved) {
  EXPECT_EQ(path_of("/a/./b"), "/a/b");
  EXPECT_EQ(path_of("/a/../b"), "/b");
  EXPECT_EQ(path_of("/a/b/.."), "/a/");
  EXPECT_EQ(path_of("/a/."), "/a/");
  EXPECT_EQ(path_of("/."), "/");
  EXPECT_EQ(path_of("/a/b/../../c"), "/c");
}

TEST(NormalPath, encoded_dot_segments_are_dot_segments) {
  EXPECT_EQ(path_of("/public/%2e%2E/admin"), "/admin");
  EXPECT_EQ(path_of("/a/%2e/b"), "/a/b");
  EXPECT_EQ(path_of("/a/.%2e"), "/");
}

TEST(NormalPath, names_that_only_begin_with_dots_stay) {
  EXPECT_EQ(path_of("/.well-known/x"), "/.well-known/x");
  EXPECT_EQ(path_of("/..a/...b/c.."), "/..a/...b/c..");
  EXPECT_EQ(path_of("/..."), "/...");
}

TEST(NormalPath, double_slashes_are_merged_unless_they_are_kept) {
  EXPECT_EQ(path_of("//a///b//"), "/a/b/");
  EXPECT_EQ(path_of("/a//b", {.merges_slashes = false}), "/a//b");
  EXPECT_EQ(path_of("/a//../b", {.merges_slashes = false}), "/a/b");
  EXPECT_EQ(path_of("/a//../b"), "/b");
}

TEST(NormalPath, a_double_encoding_is_not_decoded_twice) { EXPECT_EQ(path_of("/%252e%252e/a"), "/%252e%252e/a"); }

TEST(NormalPath, what_servers_read_in_different_ways_is_refused) {
  EXPECT_EQ(rule_of("/.."), Rule::path_above_root);
  EXPECT_EQ(rule_of("/a/../../b"), Rule::path_above_root);
  EXPECT_EQ(rule_of("/a\\b"), Rule::backslash_in_path);
  EXPECT_EQ(rule_of("/a%2fb"), Rule::encoded_slash);
  EXPECT_EQ(rule_of("/a%5cb"), Rule::encoded_slash);
  EXPECT_EQ(rule_of("/a%00"), Rule::nul_in_path);
  EXPECT_EQ(rule_of("/a/..;/admin"), Rule::dot_segment_with_parameter);
  EXPECT_EQ(rule_of("/a/.;x=1/admin"), Rule::dot_segment_with_parameter);
  EXPECT_EQ(rule_of("/a/%2e%2e;/admin"), Rule::dot_segment_with_parameter);
}

TEST(NormalPath, a_broken_escape_is_refused) {
  for (const char* path : {"/%", "/%4", "/%zz", "/%4g", "/a%/b", "/50%off"}) {
    EXPECT_EQ(rule_of(path), Rule::bad_escape) << path;
  }
}

TEST(NormalPath, encoded_slashes_pass_where_they_are_kept) {
  EXPECT_EQ(path_of("/a%2fb%5cc", {.keeps_encoded_slashes = true}), "/a%2Fb%5Cc");
}

TEST(NormalPath, the_normal_form_of_a_normal_form_is_itself) {
  Random random(7);
  constexpr std::string_view kPieces("/./../%2e%41%20a;b//.%2");
  for (int round = 0; round < 20'000; ++round) {
    std::string path = "/";
    for (std::uint64_t left = random.below(12); left > 0; --left) {
      path += kPieces.substr(random.below(kPieces.size()), 1 + random.below(4));
    }
    const PathPolicy policy{.merges_slashes = random.below(2) == 0};
    const Outcome once = normal(path, policy);
    if (once.rule != Rule::none) continue;
    EXPECT_EQ(normal(once.path, policy), once) << path;
    EXPECT_LE(once.path.size(), path.size());
    EXPECT_TRUE(once.path.starts_with('/')) << path;
    EXPECT_EQ((once.path + "/").find("/../"), std::string::npos) << path;
  }
}

TEST(NormalPath, refuses_overlong_forms_and_no_other_bytes) {
  std::array<char, 64> space;
  for (const char* overlong : {"/%c0%ae%c0%ae/a", "/%C0%AF", "/%c1%81", "/%e0%80%ae", "/%E0%9f%bf", "/%f0%80%80%af"})
    EXPECT_EQ(normal_path(overlong, {}, space).rule, Rule::overlong_escape) << overlong;
  for (const char* other :
       {"/%C3%A9", "/%E0%A0%80", "/%F0%90%80%80", "/%C0", "/%C0/%AE", "/%C0a%AE", "/%E0%41", "/%C3%C0"})
    EXPECT_EQ(normal_path(other, {}, space).rule, Rule::none) << other;
}

}  // namespace
}  // namespace fairlead::http
