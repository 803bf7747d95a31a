#include "proxy/forwarded_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/codec/head_parser.h"
#include "proxy/local_response.h"

namespace fairlead::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

const ClientInfo kClient{.ip = "9.8.7.6", .scheme = "http", .listener = "web"};

class ForwardedRequestTest : public testing::Test {
 protected:
  // `text` without the empty line.
  const ForwardedRequest& build(std::string text, const http::PathPolicy& paths = {}) {
    text += "\r\n\r\n";
    EXPECT_EQ(http::parse_request_head(text, {.head_bytes = 256 * 1024, .paths = paths}, head_).status,
              http::HeadParse::Status::complete)
        << text;
    request_ = std::make_unique<ForwardedRequest>();
    outcome_ = request_->build(head_, origin_of(head_, kClient, "req_1"), kClient.ip, workspace_, hidden_);
    // Nothing of the copy may lie in what was parsed.
    std::ranges::fill(text, '#');
    return *request_;
  }

  std::string hidden_;
  http::Workspace workspace_;
  http::RequestHead head_;
  std::unique_ptr<ForwardedRequest> request_;
  Result<void> outcome_;
};

TEST_F(ForwardedRequestTest, keeps_the_target_in_origin_form) {
  EXPECT_EQ(build("GET /a/b?c=d HTTP/1.1\r\nHost: x").target(), "/a/b?c=d");
  EXPECT_EQ(request_->path(), "/a/b");
  EXPECT_EQ(request_->query(), "c=d");
  EXPECT_EQ(build("GET http://x/a? HTTP/1.1\r\nHost: x").target(), "/a?");
  EXPECT_EQ(build("OPTIONS * HTTP/1.1\r\nHost: x").target(), "*");
}

TEST_F(ForwardedRequestTest, a_cookie_that_is_meant_for_us_is_left_out) {
  hidden_ = "mine";
  EXPECT_THAT(std::string(build("GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1; mine=2;b=3; mine=4").field_lines()),
              HasSubstr("\r\nCookie: a=1; b=3\r\n"));
  EXPECT_THAT(std::string(build("GET / HTTP/1.1\r\nHost: x\r\nCookie: mine=2\r\nCookie: c=d").field_lines()),
              HasSubstr("\r\nCookie: c=d\r\n"));
  EXPECT_THAT(std::string(build("GET / HTTP/1.1\r\nHost: x\r\nCookie: mine=2").field_lines()),
              Not(HasSubstr("Cookie")));
  EXPECT_THAT(std::string(build("GET / HTTP/1.1\r\nHost: x\r\nCookie:  a=1;b=mine").field_lines()),
              HasSubstr("\r\nCookie:  a=1;b=mine\r\n"));
}

TEST_F(ForwardedRequestTest, cookies_that_end_here_end_here_beside_one_of_ours_too) {
  hidden_ = "mine";
  EXPECT_THAT(
      std::string(build("GET / HTTP/1.1\r\nHost: x\r\nConnection: cookie\r\nCookie: a=1; mine=2").field_lines()),
      Not(HasSubstr("Cookie")));
}

TEST_F(ForwardedRequestTest, preserves_host_and_the_fields_that_are_not_ours) {
  const std::string_view lines = build("GET / HTTP/1.1\r\nHost: App:81\r\nCookie: a=b\r\nX-Mine: 1").field_lines();
  EXPECT_THAT(lines, HasSubstr("Host: App:81\r\n"));
  EXPECT_THAT(lines, HasSubstr("Cookie: a=b\r\n"));
  EXPECT_THAT(lines, HasSubstr("X-Mine: 1\r\n"));
}

TEST_F(ForwardedRequestTest, says_who_the_client_is_and_does_not_believe_it) {
  const std::string_view lines =
      build(
          "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-proto: https\r\n"
          "X-Forwarded-Host: evil\r\nX-Real-IP: 1.1.1.1\r\nX-Request-Id: mine\r\nForwarded: for=1.1.1.1")
          .field_lines();
  EXPECT_THAT(lines, HasSubstr("X-Forwarded-For: 9.8.7.6\r\n"));
  EXPECT_THAT(lines, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(lines, HasSubstr("X-Forwarded-Host: x\r\n"));
  EXPECT_THAT(lines, HasSubstr("X-Real-IP: 9.8.7.6\r\n"));
  EXPECT_THAT(lines, HasSubstr("X-Request-Id: req_1\r\n"));
  EXPECT_THAT(lines, Not(HasSubstr("1.1.1.1")));
  EXPECT_THAT(lines, Not(HasSubstr("evil")));
  EXPECT_THAT(lines, Not(HasSubstr("mine")));
}

TEST_F(ForwardedRequestTest, drops_what_ends_at_a_proxy) {
  const std::string_view lines =
      build(
          "POST / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\n"
          "Proxy-Authorization: b\r\nTransfer-Encoding: chunked\r\nTE: gzip\r\nUpgrade: h2c")
          .field_lines();
  for (const char* name :
       {"Connection", "X-Secret", "Keep-Alive", "Proxy-Auth", "Transfer-Encoding", "TE:", "Upgrade"}) {
    EXPECT_THAT(lines, Not(HasSubstr(name)));
  }
  EXPECT_EQ(request_->framing().framing, http::Framing::chunked);
}

TEST_F(ForwardedRequestTest, a_client_cannot_have_our_own_fields_dropped) {
  const std::string_view lines =
      build("GET / HTTP/1.1\r\nHost: x\r\nConnection: X-Forwarded-For, Host, X-Real-IP").field_lines();
  EXPECT_THAT(lines, HasSubstr("X-Forwarded-For: 9.8.7.6\r\n"));
  EXPECT_THAT(lines, HasSubstr("Host: x\r\n"));
}

TEST_F(ForwardedRequestTest, an_old_request_without_host_gets_an_empty_one) {
  const std::string_view lines = build("GET / HTTP/1.0").field_lines();
  EXPECT_THAT(lines, HasSubstr("Host: \r\n"));
  EXPECT_THAT(lines, Not(HasSubstr("X-Forwarded-Host")));
}

TEST_F(ForwardedRequestTest, only_a_websocket_without_a_body_may_leave_http) {
  EXPECT_EQ(build("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket").upgrade(), "websocket");
  EXPECT_EQ(build("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket").upgrade(), "");
  EXPECT_EQ(build("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c").upgrade(), "");
  EXPECT_EQ(
      build("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1").upgrade(),
      "");
}

TEST_F(ForwardedRequestTest, keeps_what_the_log_needs) {
  build("GET / HTTP/1.1\r\nHost: x:1\r\nUser-Agent: curl\r\nReferer: /r\r\nAccept: text/html");
  EXPECT_EQ(request_->authority(), "x:1");
  EXPECT_EQ(request_->user_agent(), "curl");
  EXPECT_EQ(request_->referer(), "/r");
  EXPECT_EQ(request_->accept(), "text/html");
}

TEST_F(ForwardedRequestTest, a_redirect_fills_its_placeholders) {
  const ForwardedRequest& request = build("GET /a?b=c HTTP/1.1\r\nHost: app.com:8080");
  EXPECT_EQ(*redirect_location({}, request), "https://app.com/a?b=c");
  EXPECT_EQ(*redirect_location({.to = "https://new{path}"}, request), "https://new/a");
  EXPECT_EQ(*redirect_location({.to = "/fixed"}, request), "/fixed");
  EXPECT_EQ(*redirect_location({.to = "/{odd}/{uri}"}, request), "/{odd}//a?b=c");
}

TEST_F(ForwardedRequestTest, a_redirect_keeps_the_brackets_of_an_ipv6_host) {
  EXPECT_EQ(*redirect_location({.to = "https://{host}/"}, build("GET / HTTP/1.1\r\nHost: [::1]:80")), "https://[::1]/");
  EXPECT_EQ(*redirect_location({.to = "https://{host}/"}, build("GET / HTTP/1.1\r\nHost: [::1]")), "https://[::1]/");
  EXPECT_EQ(*redirect_location({}, build("OPTIONS * HTTP/1.1\r\nHost: a")), "https://a/");
}

// A browser takes `//evil.com/` for another host, whatever the page before.
TEST_F(ForwardedRequestTest, a_path_never_becomes_the_host_of_a_redirect) {
  const http::PathPolicy keeps_slashes{.merges_slashes = false};
  const ForwardedRequest& doubled = build("GET //evil.com/a HTTP/1.1\r\nHost: x", keeps_slashes);
  EXPECT_EQ(doubled.target(), "//evil.com/a");
  EXPECT_EQ(*redirect_location({.to = "{path}/"}, doubled), "/evil.com/a/");
  EXPECT_EQ(*redirect_location({.to = "https://new{uri}"}, doubled), "https://new//evil.com/a");
  EXPECT_EQ(*redirect_location({.to = "/{uri}"}, build("GET /evil.com HTTP/1.1\r\nHost: x")), "/evil.com");
  EXPECT_EQ(*redirect_location({.to = "//cdn{uri}"}, build("GET /a HTTP/1.1\r\nHost: x")), "//cdn/a");
}

TEST_F(ForwardedRequestTest, a_client_that_names_no_host_is_not_sent_to_it) {
  EXPECT_EQ(redirect_location({}, build("GET /a HTTP/1.0")).error().code, ErrorCode::bad_request);
  EXPECT_EQ(*redirect_location({.to = "https://new{path}"}, build("GET /a HTTP/1.0")), "https://new/a");
}

}  // namespace
}  // namespace fairlead::proxy
