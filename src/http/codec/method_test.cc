// Names and promises of the methods.
#include "http/codec/method.h"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

TEST(Method, every_known_name_is_found_and_written_back) {
  for (const std::string_view name : {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}) {
    EXPECT_NE(method_of(name), Method::other) << name;
    EXPECT_EQ(text(method_of(name)), name);
  }
}

TEST(Method, names_are_case_sensitive_and_whole) {
  for (const std::string_view name : {"get", "Get", "GE", "GETS", "", "PURGE"})
    EXPECT_EQ(method_of(name), Method::other) << name;
  EXPECT_EQ(text(Method::other), "");
}

TEST(Method, only_what_rfc_9110_says_is_safe_or_idempotent) {
  EXPECT_TRUE(is_safe(Method::get) && is_safe(Method::head) && is_safe(Method::options) && is_safe(Method::trace));
  EXPECT_FALSE(is_safe(Method::put) || is_safe(Method::delete_) || is_safe(Method::post) || is_safe(Method::other));
  EXPECT_TRUE(is_idempotent(Method::get) && is_idempotent(Method::put) && is_idempotent(Method::delete_));
  EXPECT_FALSE(is_idempotent(Method::post) || is_idempotent(Method::patch) || is_idempotent(Method::connect) ||
               is_idempotent(Method::other));
}

}  // namespace
}  // namespace fairlead::http
