// Response heads: the status line, the framing, and what a hostile server may not do.
#include <gtest/gtest.h>

#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;
using Status = HeadParse::Status;

struct Parsed {
  ResponseHead head;
  HeadParse parse;
  std::string_view rule() const {
    if (parse.status == Status::complete) return "complete";
    return parse.status == Status::incomplete ? "incomplete" : word(parse.refusal.rule);
  }
};

// `bytes` must outlive the result.
Parsed parse(std::string_view bytes, Method method = Method::get) {
  Parsed result;
  result.parse = parse_response_head(bytes, {}, method, result.head);
  return result;
}

std::string_view rule(std::string_view bytes) { return parse(bytes).rule(); }

TEST(ResponseParser, a_head_is_taken_apart_where_it_lies) {
  const std::string bytes = "HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 9\r\n\r\nNot found";
  const Parsed response = parse(bytes);
  ASSERT_EQ(response.rule(), "complete");
  EXPECT_EQ(response.parse.consumed, bytes.size() - 9);
  EXPECT_EQ(response.head.status, 404);
  EXPECT_EQ(response.head.reason, "Not Found");
  EXPECT_EQ(response.head.framing, Framing::length);
  EXPECT_EQ(response.head.content_length, 9U);
  EXPECT_TRUE(response.head.keep_alive);
  EXPECT_EQ(response.head.fields[0].id, FieldId::server);
}

TEST(ResponseParser, the_reason_may_be_empty_or_absent) {
  EXPECT_EQ(parse("HTTP/1.1 200 \r\n\r\n").head.reason, "");
  EXPECT_EQ(rule("HTTP/1.1 200\r\n\r\n"), "complete");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\x01\r\n\r\n"), "bad_status_line");
}

TEST(ResponseParser, a_status_has_three_digits_from_100_on) {
  for (const std::string_view status : {"20", "2000", "2x0", "+200", " 200", "-20", "200OK", ""})
    EXPECT_EQ(rule("HTTP/1.1 " + std::string(status) + "\r\n\r\n"), "bad_status_line") << status;
  EXPECT_EQ(rule("HTTP/1.1 099 \r\n\r\n"), "bad_status");
  EXPECT_EQ(rule("HTTP/1.1 999 \r\n\r\n"), "complete");
}

TEST(ResponseParser, versions_other_than_1_0_and_1_1_are_refused) {
  EXPECT_EQ(rule("HTTP/1.0 200 OK\r\n\r\n"), "complete");
  EXPECT_EQ(rule("HTTP/2.0 200 OK\r\n\r\n"), "unsupported_version");
  EXPECT_EQ(rule("HTTP/1.2 200 OK\r\n\r\n"), "unsupported_version");
  EXPECT_EQ(rule("ICY 200 OK\r\n\r\n"), "bad_version");
  EXPECT_EQ(rule("\r\nHTTP/1.1 200 OK\r\n\r\n"), "bad_version");
}

TEST(ResponseParser, every_refusal_is_answered_with_502) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\na b: c\r\n\r\n").parse.refusal.status, 502);
  EXPECT_EQ(parse("garbage").parse.refusal.status, 502);
}

TEST(ResponseParser, lines_are_as_strict_as_in_requests) {
  EXPECT_EQ(rule("HTTP/1.1 200 OK\n\r\n"), "bare_lf");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\rx"), "bare_cr");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"), "obs_fold");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\na : b\r\n\r\n"), "space_before_colon");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\na: b\x02\r\n\r\n"), "bad_field_value");
}

TEST(ResponseFraming, is_by_length_chunks_or_close) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").head.framing, Framing::length);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").head.framing, Framing::chunked);
  const Parsed by_close = parse("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(by_close.head.framing, Framing::until_close);
  EXPECT_FALSE(by_close.head.keep_alive);
}

TEST(ResponseFraming, ambiguous_framing_is_refused) {
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), "length_and_encoding");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"), "repeated_length");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"), "bad_length");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), "bad_encoding");
  EXPECT_EQ(rule("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), "unknown_encoding");
  EXPECT_EQ(rule("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "encoding_in_http_1_0");
}

TEST(ResponseFraming, bodiless_answers_have_no_body_whatever_they_say) {
  for (const std::string_view status : {"100", "101", "103", "204", "304"}) {
    const std::string bytes = "HTTP/1.1 " + std::string(status) + " X\r\nContent-Length: 5\r\n\r\n";
    const Parsed response = parse(bytes);
    EXPECT_EQ(response.head.framing, Framing::none) << status;
    EXPECT_TRUE(response.head.has_content_length);
  }
  EXPECT_EQ(parse("HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n").head.framing, Framing::none);
  EXPECT_EQ(parse("HTTP/1.1 304 X\r\n\r\n").head.framing, Framing::none);
  EXPECT_EQ(rule("HTTP/1.1 304 X\r\nContent-Length: x\r\n\r\n"), "bad_length");
}

TEST(ResponseFraming, an_answer_to_head_keeps_its_length_but_has_no_body) {
  const Parsed response = parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::head);
  EXPECT_EQ(response.head.framing, Framing::none);
  EXPECT_TRUE(response.head.has_content_length);
  EXPECT_EQ(response.head.content_length, 5U);
  EXPECT_TRUE(response.head.keep_alive);
}

TEST(ResponseConnection, stays_open_by_version_and_option) {
  const auto keeps = [](std::string_view start) {
    const std::string bytes = "HTTP/1." + std::string(start) + "\r\nContent-Length: 0\r\n\r\n";
    return parse(bytes).head.keep_alive;
  };
  EXPECT_TRUE(keeps("1 200 OK"));
  EXPECT_FALSE(keeps("1 200 OK\r\nConnection: close"));
  EXPECT_FALSE(keeps("0 200 OK"));
  EXPECT_TRUE(keeps("0 200 OK\r\nConnection: keep-alive"));
  EXPECT_FALSE(keeps("1 101 X"));
}

TEST(ResponseConnection, keep_alive_timeout_is_a_hint_within_bounds) {
  const auto timeout = [](std::string_view value) {
    const std::string bytes = "HTTP/1.1 204 X\r\nKeep-Alive: " + std::string(value) + "\r\n\r\n";
    return parse(bytes).head.keep_alive_timeout;
  };
  EXPECT_EQ(timeout("timeout=5, max=100"), Duration(5s));
  EXPECT_EQ(timeout("max=100, Timeout=0"), Duration(0s));
  EXPECT_EQ(timeout("timeout=4294967295"), Duration(24h));
  EXPECT_EQ(timeout("timeout=5x"), std::nullopt);
  EXPECT_EQ(timeout("timeout=-5"), std::nullopt);
  EXPECT_EQ(timeout("max=100"), std::nullopt);
  EXPECT_EQ(parse("HTTP/1.1 204 X\r\n\r\n").head.keep_alive_timeout, std::nullopt);
}

TEST(ResponseUpgrade, shows_the_protocol_that_connection_names) {
  EXPECT_EQ(parse("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").head.upgrade, "websocket");
  EXPECT_EQ(parse("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n").head.upgrade, "");
}

TEST(ResponseParser, nothing_of_the_head_before_stays) {
  ResponseHead head;
  ASSERT_EQ(parse_response_head("HTTP/1.0 101 A\r\nKeep-Alive: timeout=5\r\nConnection: upgrade, close\r\n"
                                "Upgrade: x\r\nContent-Length: 5\r\n\r\n",
                                {}, Method::get, head)
                .status,
            Status::complete);
  ASSERT_EQ(parse_response_head("HTTP/1.1 204\r\n\r\n", {}, Method::get, head).status, Status::complete);
  EXPECT_EQ(head.status, 204);
  EXPECT_EQ(head.reason, "");
  EXPECT_EQ(head.upgrade, "");
  EXPECT_EQ(head.keep_alive_timeout, std::nullopt);
  EXPECT_FALSE(head.has_content_length);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.fields.empty());
}

}  // namespace
}  // namespace fairlead::http
