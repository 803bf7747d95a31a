// What the fields of a request say of its host, its framing and its connection.
#include <gtest/gtest.h>

#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::http {
namespace {

using Status = HeadParse::Status;

// `bytes` must outlive it.
struct Parsed {
  explicit Parsed(std::string_view bytes) : parse(parse_request_head(bytes, {}, head)) {}
  RequestHead head;
  HeadParse parse;
  std::string_view rule() const { return parse.status == Status::complete ? "complete" : word(parse.refusal.rule); }
};

Parsed parse(std::string_view bytes) { return Parsed(bytes); }

// The verdict on a head of these field lines.
std::string_view rule(std::string_view lines, std::string_view first_line = "POST / HTTP/1.1") {
  const std::string bytes = std::string(first_line) + "\r\n" + std::string(lines) + "\r\n\r\n";
  return parse(bytes).rule();
}

std::string_view rule_with_host(std::string_view lines) { return rule("Host: a\r\n" + std::string(lines)); }

TEST(RequestHost, is_needed_once_on_http_1_1) {
  EXPECT_EQ(rule("a: b"), "missing_host");
  EXPECT_EQ(rule("Host: a\r\nHost: a"), "repeated_host");
  EXPECT_EQ(rule("a: b", "GET / HTTP/1.0"), "complete");
  EXPECT_EQ(rule("Host: a\r\nhost: b", "GET / HTTP/1.0"), "repeated_host");
}

TEST(RequestHost, is_a_name_or_an_address_and_perhaps_a_port) {
  for (const std::string_view host : {"a", "A-b.c_d~e", "127.0.0.1:80", "[::1]", "[fe80::1:2.3.4.5]:65535", "a:"})
    EXPECT_EQ(rule("Host: " + std::string(host)), "complete") << host;
  for (const std::string_view host :
       {"", ":80", "a b", "a,b", "a/b", "u@a", "a:b", "a:65536", "a:-1", "a:000080", "[::1", "[]", "[g::1]", "[::1]a",
        "[fe80::1%25eth0]", "a%20b", "a\\b", "a?b", "\x80"})
    EXPECT_EQ(rule("Host: " + std::string(host)), "bad_host") << host;
}

TEST(RequestHost, is_parted_from_its_port) {
  const Parsed address = parse("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
  EXPECT_EQ(address.head.host, "[::1]");
  EXPECT_EQ(address.head.authority, "[::1]:8080");
}

TEST(AbsoluteTarget, gives_its_path_where_it_agrees_with_host) {
  const Parsed request = parse("GET HTTP://Example.com:80/a?b HTTP/1.1\r\nHost: example.com:80\r\n\r\n");
  ASSERT_EQ(request.rule(), "complete");
  EXPECT_EQ(request.head.path, "/a");
  EXPECT_EQ(request.head.query, "b");
  EXPECT_EQ(request.head.target, "HTTP://Example.com:80/a?b");
  EXPECT_EQ(parse("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n").head.path, "/");
  EXPECT_EQ(parse("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").head.path, "*");
  const Parsed query = parse("GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(query.head.path, "/");
  EXPECT_EQ(query.head.query, "b");
}

TEST(AbsoluteTarget, is_refused_where_it_differs_from_host) {
  EXPECT_EQ(rule("Host: b", "GET http://a/ HTTP/1.1"), "target_differs_from_host");
  EXPECT_EQ(rule("Host: a:80", "GET http://a/ HTTP/1.1"), "target_differs_from_host");
  EXPECT_EQ(rule("Host: b", "GET http://a/ HTTP/1.0"), "target_differs_from_host");
}

TEST(AbsoluteTarget, is_refused_with_a_malformed_authority) {
  for (const std::string_view target : {"http://", "http:///a", "http://u@a/", "http://a:b/", "http://a\\b/"})
    EXPECT_EQ(rule("Host: a", "GET " + std::string(target) + " HTTP/1.1"), "bad_absolute_target") << target;
}

TEST(AbsoluteTarget, is_the_host_of_an_http_1_0_request_without_host) {
  const Parsed request = parse("GET http://a:81/ HTTP/1.0\r\n\r\n");
  EXPECT_EQ(request.rule(), "complete");
  EXPECT_EQ(request.head.host, "a");
  EXPECT_EQ(request.head.authority, "a:81");
}

TEST(RequestFraming, a_request_without_framing_has_no_body) {
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\n\r\n").head.framing, Framing::none);
}

TEST(RequestFraming, both_length_and_encoding_are_refused_in_either_order) {
  EXPECT_EQ(rule_with_host("Content-Length: 5\r\nTransfer-Encoding: chunked"), "length_and_encoding");
  EXPECT_EQ(rule_with_host("Transfer-Encoding: chunked\r\nContent-Length: 5"), "length_and_encoding");
}

TEST(RequestFraming, repeated_lengths_are_refused_even_where_they_agree) {
  EXPECT_EQ(rule_with_host("Content-Length: 5\r\nContent-Length: 5"), "repeated_length");
  EXPECT_EQ(rule_with_host("Content-Length: 5\r\ncontent-length: 6"), "repeated_length");
  EXPECT_EQ(rule_with_host("Content-Length: 5, 5"), "bad_length");
}

TEST(RequestFraming, malformed_lengths_are_refused) {
  for (const std::string_view length : {"", "+5", "-5", "-0", "0x5", "5 5", "5,", "5.0", "1e3", "five", "\"5\"", "5;a",
                                        "9223372036854775808", "18446744073709551616", "99999999999999999999999"})
    EXPECT_EQ(rule_with_host("Content-Length: " + std::string(length)), "bad_length") << length;
  EXPECT_EQ(rule_with_host("Content-Length: 9223372036854775807"), "complete");
  EXPECT_EQ(rule_with_host("Content-Length:\t005 "), "complete");
}

TEST(RequestFraming, chunked_alone_is_a_transfer_encoding) {
  const Parsed request = parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n");
  ASSERT_EQ(request.rule(), "complete");
  EXPECT_EQ(request.head.framing, Framing::chunked);
  EXPECT_EQ(request.head.content_length, 0U);
}

TEST(RequestFraming, any_encoding_but_one_final_chunked_is_refused) {
  for (const std::string_view encoding :
       {"", "identity", "gzip", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked", "chunked;q=1", "xchunked",
        "chunkedx", "\"chunked\"", "chunked gzip", "gzip, chunked, chunked", "\vchunked"})
    EXPECT_NE(rule_with_host("Transfer-Encoding: " + std::string(encoding)), "complete") << encoding;
  EXPECT_EQ(rule_with_host("Transfer-Encoding: gzip"), "bad_encoding");
  EXPECT_EQ(rule_with_host("Transfer-Encoding: chunked, chunked"), "bad_encoding");
  EXPECT_EQ(rule_with_host("Transfer-Encoding: ,chunked"), "bad_encoding");
  EXPECT_EQ(rule_with_host("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), "bad_encoding");
  EXPECT_EQ(rule_with_host("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"), "bad_encoding");
}

TEST(RequestFraming, unknown_encodings_before_chunked_are_answered_with_501) {
  EXPECT_EQ(rule_with_host("Transfer-Encoding: gzip, chunked"), "unknown_encoding");
  EXPECT_EQ(refusal(Rule::unknown_encoding).status, 501);
}

TEST(RequestFraming, transfer_encoding_on_http_1_0_is_refused) {
  EXPECT_EQ(rule("Transfer-Encoding: chunked", "POST / HTTP/1.0"), "encoding_in_http_1_0");
}

TEST(RequestConnection, stays_open_by_version_and_option) {
  const auto keeps = [](std::string_view version, std::string_view connection) {
    const std::string bytes =
        "GET / " + std::string(version) + "\r\nHost: a\r\nConnection: " + std::string(connection) + "\r\n\r\n";
    return parse(bytes).head.keep_alive;
  };
  EXPECT_TRUE(keeps("HTTP/1.1", ""));
  EXPECT_TRUE(keeps("HTTP/1.1", "keep-alive"));
  EXPECT_FALSE(keeps("HTTP/1.1", "x, CLOSE"));
  EXPECT_FALSE(keeps("HTTP/1.1", "close\r\nConnection: keep-alive"));
  EXPECT_FALSE(keeps("HTTP/1.0", ""));
  EXPECT_TRUE(keeps("HTTP/1.0", "Keep-Alive"));
  EXPECT_FALSE(keeps("HTTP/1.0", "keep-alive, close"));
}

TEST(RequestConnection, names_a_bounded_number_of_options) {
  std::string most = "Connection: a";
  for (int option = 1; option < 31; ++option) most += ",a";
  EXPECT_EQ(rule_with_host(most + "\r\nConnection: b"), "complete");
  EXPECT_EQ(rule_with_host(most + "\r\nConnection: b,c"), "too_many_connection_options");
}

TEST(RequestExpect, only_100_continue_is_known) {
  EXPECT_TRUE(parse("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").head.expects_continue);
  EXPECT_FALSE(parse("PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").head.expects_continue);
  EXPECT_EQ(rule_with_host("Expect: 200-ok"), "unknown_expectation");
  EXPECT_EQ(refusal(Rule::unknown_expectation).status, 417);
}

TEST(RequestUpgrade, needs_both_fields_and_http_1_1) {
  const Parsed request =
      parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n");
  EXPECT_TRUE(request.head.wants_upgrade);
  EXPECT_TRUE(request.head.may_upgrade());
  EXPECT_EQ(request.head.upgrade, "websocket");
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n").head.wants_upgrade);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n").head.wants_upgrade);
  EXPECT_FALSE(
      parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").head.wants_upgrade);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n")
                   .head.wants_upgrade);
}

TEST(RequestUpgrade, beside_a_body_may_not_be_followed) {
  for (const std::string_view framing : {"Content-Length: 5", "Content-Length: 0", "Transfer-Encoding: chunked"}) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" +
                              std::string(framing) + "\r\n\r\n";
    const Parsed request = parse(bytes);
    EXPECT_TRUE(request.head.wants_upgrade);
    EXPECT_FALSE(request.head.may_upgrade()) << framing;
  }
}

}  // namespace
}  // namespace fairlead::http
