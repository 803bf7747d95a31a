#include "http/codec/cookie.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::http {
namespace {

FieldList with(std::initializer_list<std::string_view> values) {
  FieldList fields;
  for (const std::string_view value : values) fields.add({"Cookie", value, FieldId::cookie});
  return fields;
}

TEST(Cookie, is_found_by_its_whole_name_in_any_field) {
  EXPECT_EQ(find_cookie(with({"a=1; b=2"}), "b"), "2");
  EXPECT_EQ(find_cookie(with({"a=1", "b=2;c=3"}), "c"), "3");
  EXPECT_EQ(find_cookie(with({"ab=1;b=2"}), "b"), "2");
  EXPECT_EQ(find_cookie(with({"B=1"}), "b"), std::nullopt);
  EXPECT_EQ(find_cookie(FieldList(), "b"), std::nullopt);
}

TEST(Cookie, the_first_of_a_name_counts) { EXPECT_EQ(find_cookie(with({"b=1; b=2", "b=3"}), "b"), "1"); }

TEST(Cookie, odd_fields_are_read_as_far_as_they_go) {
  EXPECT_EQ(find_cookie(with({";;b=1=2;"}), "b"), "1=2");
  EXPECT_EQ(find_cookie(with({"\t b=x y \t; c"}), "b"), "x y");
  EXPECT_EQ(find_cookie(with({"c"}), "c"), "");
  EXPECT_EQ(find_cookie(with({"=1"}), ""), "1");
}

TEST(Cookie, what_a_browser_will_send_back_is_known) {
  EXPECT_EQ(cookie_of_set_cookie("id=7; Path=/").name, "id");
  EXPECT_EQ(cookie_of_set_cookie("id=7; Path=/").value, "7");
  EXPECT_EQ(cookie_of_set_cookie(" id = 7 8 ; Path=/").name, "id");
  EXPECT_EQ(cookie_of_set_cookie(" id = 7 8 ; Path=/").value, "7 8");
  EXPECT_EQ(cookie_of_set_cookie("id=a=b").value, "a=b");
  for (const char* none : {"", ";", "id", "=7", " =7; a=b"}) EXPECT_EQ(cookie_of_set_cookie(none).name, "") << none;
}

}  // namespace
}  // namespace fairlead::http
