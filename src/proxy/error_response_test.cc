#include "proxy/error_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fairlead::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Error kRefused{.code = ErrorCode::connect_refused,
                         .blame = Blame::upstream,
                         .retry_is_safe = true,
                         .detail = "nothing is listening there"};

ErrorResponse response(std::string_view accept, ErrorDetail detail = ErrorDetail::none, bool is_local = false) {
  return error_response(kRefused, {.accept = accept,
                                   .request_id = "req_1",
                                   .at = WallTime(std::chrono::minutes(14 * 60 + 2)),
                                   .detail = detail,
                                   .client_is_local = is_local,
                                   .server = "10.0.0.1:3002"});
}

TEST(ErrorResponse, the_format_follows_accept) {
  EXPECT_EQ(response("text/html,*/*").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(response("application/xhtml+xml, text/html").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(response("application/json").content_type, "application/problem+json");
  EXPECT_EQ(response("application/vnd.api+json; q=1").content_type, "application/problem+json");
  EXPECT_THAT(response("").content_type, testing::StartsWith("text/plain"));
  EXPECT_THAT(response("*/*").content_type, testing::StartsWith("text/plain"));
  EXPECT_THAT(response("text/plain, text/html").content_type, testing::StartsWith("text/plain"));
}

TEST(ErrorResponse, the_first_type_that_we_can_make_decides) {
  EXPECT_EQ(response("image/webp, application/json, text/html").content_type, "application/problem+json");
}

TEST(ErrorResponse, problem_json_is_json_with_the_members_of_rfc_9457) {
  const auto json = nlohmann::json::parse(response("application/json").body);
  EXPECT_EQ(json.at("status"), 502);
  EXPECT_EQ(json.at("title"), "Bad Gateway");
  EXPECT_EQ(json.at("request_id"), "req_1");
  EXPECT_TRUE(json.contains("detail"));
}

TEST(ErrorResponse, html_names_the_reference_and_stays_small) {
  const std::string body = response("text/html").body;
  EXPECT_THAT(body, HasSubstr("Reference req_1 · 14:02 UTC"));
  EXPECT_LT(body.size(), 3072U);
}

TEST(ErrorResponse, names_server_and_reason_only_to_those_who_may_know) {
  for (const std::string_view accept : {"text/html", "application/json", "text/plain"}) {
    EXPECT_THAT(response(accept).body, Not(HasSubstr("3002"))) << accept;
    EXPECT_THAT(response(accept, ErrorDetail::none, true).body, Not(HasSubstr("3002"))) << accept;
    EXPECT_THAT(response(accept, ErrorDetail::automatic, false).body, Not(HasSubstr("3002"))) << accept;
    EXPECT_THAT(response(accept, ErrorDetail::automatic, true).body, HasSubstr("It must listen on port 3002"))
        << accept;
    EXPECT_THAT(response(accept, ErrorDetail::full).body, HasSubstr("connect_refused")) << accept;
  }
}

TEST(ErrorResponse, what_comes_from_outside_is_escaped) {
  const Error error{.code = ErrorCode::bad_response, .blame = Blame::upstream, .detail = "<script>\"&"};
  const ErrorContext context{.accept = "text/html", .request_id = "r", .detail = ErrorDetail::full};
  EXPECT_THAT(error_response(error, context).body, Not(HasSubstr("<script>")));
  ErrorContext for_programs = context;
  for_programs.accept = "application/json";
  EXPECT_TRUE(nlohmann::json::accept(error_response(error, for_programs).body));
}

TEST(ErrorResponse, every_code_has_a_status_of_its_kind) {
  for (std::size_t code = 0; code < kErrorCodes; ++code) {
    const std::uint16_t status = status_of(static_cast<ErrorCode>(code));
    EXPECT_GE(status, 400) << word(static_cast<ErrorCode>(code));
    EXPECT_LT(status, 600) << word(static_cast<ErrorCode>(code));
  }
  EXPECT_EQ(status_of(ErrorCode::connect_timeout), 504);
  EXPECT_EQ(status_of(ErrorCode::reset_before_response), 502);
  EXPECT_EQ(status_of(ErrorCode::no_server), 503);
  EXPECT_EQ(status_of(ErrorCode::body_too_large), 413);
}

TEST(HttpDate, is_written_as_rfc_9110_has_it) {
  EXPECT_EQ(http_date(WallTime(std::chrono::seconds(784'111'777))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace fairlead::proxy
