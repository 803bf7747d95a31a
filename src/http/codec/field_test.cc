// The table of names, and the list of fields.
#include "http/codec/field.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fairlead::http {
namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& letter : result) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return result;
}

TEST(Field, every_name_is_classified_in_any_case) {
  for (std::size_t index = 1; index < kFieldIds; ++index) {
    const auto id = static_cast<FieldId>(index);
    EXPECT_EQ(classify_field(name_of(id)), id) << name_of(id);
    EXPECT_EQ(classify_field(upper(name_of(id))), id) << name_of(id);
  }
}

TEST(Field, a_name_that_differs_in_one_byte_is_other) {
  constexpr std::string_view kTokenBytes = "!#$%&'*+-.^_`|~0123456789abcxyzABCXYZ";
  for (std::size_t index = 1; index < kFieldIds; ++index) {
    const std::string name(name_of(static_cast<FieldId>(index)));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (const char byte : kTokenBytes) {
        std::string changed = name;
        changed[at] = byte;
        const FieldId found = classify_field(changed);
        if (found != FieldId::other) EXPECT_TRUE(equals_ignoring_case(changed, name_of(found))) << changed;
      }
    }
    EXPECT_EQ(classify_field(name.substr(1)), FieldId::other) << name;
    EXPECT_EQ(classify_field(name + "x"), FieldId::other) << name;
  }
}

TEST(Field, names_of_no_or_one_letter_are_other) {
  EXPECT_EQ(classify_field(""), FieldId::other);
  EXPECT_EQ(classify_field("x"), FieldId::other);
}

TEST(Field, comparison_ignores_the_case_of_letters_only) {
  EXPECT_TRUE(equals_ignoring_case("Keep-Alive", "keep-alive"));
  EXPECT_FALSE(equals_ignoring_case("keep-alive", "keep_alive"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  // `[` and `{` differ in the bit that tells cases apart, but are not letters.
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
}

TEST(FieldList, finds_the_first_by_id_and_by_name) {
  FieldList fields;
  ASSERT_TRUE(fields.add({"Via", "one", FieldId::via}));
  ASSERT_TRUE(fields.add({"via", "two", FieldId::via}));
  ASSERT_TRUE(fields.add({"X-Custom", "three", FieldId::other}));
  EXPECT_EQ(fields.find(FieldId::via)->value, "one");
  EXPECT_EQ(fields.find("x-custom")->value, "three");
  EXPECT_EQ(fields.count(FieldId::via), 2U);
  EXPECT_EQ(fields.find(FieldId::host), nullptr);
  EXPECT_EQ(fields.find("x-other"), nullptr);
  fields.clear();
  EXPECT_EQ(fields.find(FieldId::via), nullptr);
  EXPECT_TRUE(fields.empty());
}

TEST(FieldList, takes_no_more_than_its_capacity) {
  FieldList fields;
  for (std::size_t index = 0; index < FieldList::kCapacity; ++index) ASSERT_TRUE(fields.add({"a", "b"}));
  EXPECT_FALSE(fields.add({"a", "b"}));
  EXPECT_EQ(fields.size(), FieldList::kCapacity);
}

TEST(ListElements, come_without_white_space_and_empty_ones_are_left_out) {
  std::vector<std::string_view> elements;
  for_each_list_element(" close ,,\tkeep-alive, ", [&](std::string_view element) { elements.push_back(element); });
  EXPECT_EQ(elements, (std::vector<std::string_view>{"close", "keep-alive"}));
}

}  // namespace
}  // namespace fairlead::http
