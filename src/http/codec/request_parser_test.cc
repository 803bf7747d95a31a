// The request line, the lines of a head, and their limits. What fields say together is in request_fields_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::http {
namespace {

using Status = HeadParse::Status;

// The word of the rule that is broken; `complete` or `incomplete` where none is.
std::string_view verdict(std::string_view bytes, const ParseLimits& limits = {}) {
  static RequestHead head;
  const HeadParse parse = parse_request_head(bytes, limits, head);
  if (parse.status == Status::complete) return "complete";
  return parse.status == Status::incomplete ? "incomplete" : word(parse.refusal.rule);
}

// A valid head but for its first line.
std::string with_line(std::string_view line) { return std::string(line) + "\r\nHost: a\r\n\r\n"; }
// A valid head but for one more line.
std::string with_field(std::string_view line) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(line) + "\r\n\r\n";
}

TEST(RequestParser, a_head_is_taken_apart_where_it_lies) {
  const std::string bytes =
      "POST /a/b?c=d&e HTTP/1.1\r\nHost: example.com:8080\r\nX-Empty:\r\nAccept:\t text/html \t\r\n"
      "Content-Length: 12\r\n\r\nhello";
  RequestHead head;
  const HeadParse parse = parse_request_head(bytes, {}, head);
  ASSERT_EQ(parse.status, Status::complete);
  EXPECT_EQ(parse.consumed, bytes.size() - 5);
  EXPECT_EQ(head.method, Method::post);
  EXPECT_EQ(head.method_text, "POST");
  EXPECT_EQ(head.target, "/a/b?c=d&e");
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, "c=d&e");
  EXPECT_TRUE(head.has_query);
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.authority, "example.com:8080");
  EXPECT_EQ(head.host, "example.com");
  EXPECT_EQ(head.framing, Framing::length);
  EXPECT_EQ(head.content_length, 12U);
  ASSERT_EQ(head.fields.size(), 4U);
  EXPECT_EQ(head.fields[1].name, "X-Empty");
  EXPECT_EQ(head.fields[1].value, "");
  EXPECT_EQ(head.fields[2].id, FieldId::accept);
  EXPECT_EQ(head.fields[2].value, "text/html");
}

TEST(RequestParser, nothing_of_the_head_before_stays) {
  RequestHead head;
  ASSERT_EQ(parse_request_head("POST http://a/?q HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: x\r\n"
                               "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
                               {}, head)
                .status,
            Status::complete);
  ASSERT_EQ(parse_request_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", {}, head).status, Status::complete);
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.path, "/");
  EXPECT_FALSE(head.has_query);
  EXPECT_EQ(head.query, "");
  EXPECT_EQ(head.authority, "");
  EXPECT_EQ(head.host, "");
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expects_continue);
  EXPECT_FALSE(head.wants_upgrade);
  EXPECT_EQ(head.fields.size(), 1U);
}

TEST(RequestParser, one_empty_line_before_a_request_is_skipped) {
  EXPECT_EQ(verdict("\r\n" + with_line("GET / HTTP/1.1")), "complete");
  EXPECT_EQ(verdict("\r\n"), "incomplete");
  EXPECT_EQ(verdict("\r\n\r\n"), "empty_lines");
  EXPECT_EQ(verdict("\nGET / HTTP/1.1"), "bare_lf");
  EXPECT_EQ(verdict("\rGET / HTTP/1.1"), "bare_cr");
}

TEST(RequestParser, unknown_methods_pass_but_must_be_tokens) {
  EXPECT_EQ(verdict(with_line("PURGE / HTTP/1.1")), "complete");
  EXPECT_EQ(verdict(with_line("get / HTTP/1.1")), "complete");
  EXPECT_EQ(verdict("G(T / HTTP/1.1"), "bad_request_line");
  EXPECT_EQ(verdict(" GET / HTTP/1.1"), "bad_request_line");
  EXPECT_EQ(verdict("GET\t/ HTTP/1.1"), "bad_request_line");
  EXPECT_EQ(verdict("GET\r\n"), "bad_request_line");
}

TEST(RequestParser, what_is_not_http_is_refused_at_once_and_named) {
  EXPECT_EQ(verdict("\x01"), "not_http");
  EXPECT_EQ(verdict(std::string_view("\0", 1)), "not_http");
  EXPECT_EQ(verdict("SSH\x7f"), "not_http");
  EXPECT_EQ(verdict("\x16\x03\x01"), "tls_on_plain_port");
  EXPECT_EQ(verdict("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "http2_preface");
  RequestHead head;
  EXPECT_NE(parse_request_head("\x16", {}, head).refusal.text.find("TLS"), std::string_view::npos);
}

TEST(RequestParser, single_spaces_part_the_request_line) {
  EXPECT_EQ(verdict("GET  / HTTP/1.1"), "bad_target");
  EXPECT_EQ(verdict("GET /  HTTP/1.1"), "bad_version");
  EXPECT_EQ(verdict("GET /a b HTTP/1.1"), "bad_version");
  EXPECT_EQ(verdict("GET / HTTP/1.1 \r\n"), "bad_version");
  EXPECT_EQ(verdict("GET /\tHTTP/1.1"), "bad_target");
}

TEST(RequestParser, targets_hold_no_control_and_no_foreign_bytes) {
  for (const std::string_view bytes : {"\x01", "\x7f", "\x80", "\xc3\xa4", "\v"})
    EXPECT_EQ(verdict(with_line("GET /" + std::string(bytes) + " HTTP/1.1")), "bad_target");
  EXPECT_EQ(verdict(with_line("GET /" + std::string(1, '\0') + " HTTP/1.1")), "bad_target");
  EXPECT_EQ(verdict(with_line("GET /?a=\"<>[]{}|\\^` HTTP/1.1")), "complete");
}

TEST(RequestParser, fragments_in_targets_are_refused) {
  EXPECT_EQ(verdict(with_line("GET /a#b HTTP/1.1")), "fragment_in_target");
}

TEST(RequestParser, targets_begin_with_a_slash) {
  EXPECT_EQ(verdict(with_line("GET a HTTP/1.1")), "bad_target");
  EXPECT_EQ(verdict(with_line("GET a:80 HTTP/1.1")), "bad_target");
  EXPECT_EQ(verdict(with_line("GET ftp://a/ HTTP/1.1")), "bad_target");
  EXPECT_EQ(verdict("GET ?"), "bad_target");
}

TEST(RequestParser, the_asterisk_is_for_options_only) {
  EXPECT_EQ(verdict(with_line("OPTIONS * HTTP/1.1")), "complete");
  EXPECT_EQ(verdict(with_line("GET * HTTP/1.1")), "asterisk_without_options");
  EXPECT_EQ(verdict(with_line("OPTIONS ** HTTP/1.1")), "bad_target");
}

TEST(RequestParser, connect_is_off) { EXPECT_EQ(verdict("CONNECT a"), "connect_refused"); }

TEST(RequestParser, versions_other_than_1_0_and_1_1_are_refused) {
  EXPECT_EQ(verdict(with_line("GET / HTTP/1.0")), "complete");
  EXPECT_EQ(verdict("GET /\r\n"), "http_0_9");
  EXPECT_EQ(verdict("GET /\n"), "http_0_9");
  for (const std::string_view version : {"HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0"})
    EXPECT_EQ(verdict(with_line("GET / " + std::string(version))), "unsupported_version") << version;
  for (const std::string_view version :
       {"http/1.1", "HTTP/11", "HTTP/1.", "HTTP/1.10", "HTTP/01.1", "HTTP 1.1", "HTTP/1,1", "X"})
    EXPECT_EQ(verdict(with_line("GET / " + std::string(version))), "bad_version") << version;
}

TEST(RequestParser, bare_line_feeds_are_refused) {
  EXPECT_EQ(verdict("GET / HTTP/1.1\nHost: a\r\n\r\n"), "bare_lf");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\n\r\n"), "bare_lf");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\n\n"), "bare_lf");
}

TEST(RequestParser, bare_carriage_returns_are_refused) {
  EXPECT_EQ(verdict("GET / HTTP/1.1\rHost: a\r\n\r\n"), "bare_cr");
  EXPECT_EQ(verdict(with_field("a: b\rc")), "bare_cr");
  EXPECT_EQ(verdict(with_field("a: b\r")), "bare_cr");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\n\rx"), "bare_cr");
}

TEST(RequestParser, folded_lines_are_refused) {
  EXPECT_EQ(verdict(with_field("a: b\r\n c: d")), "obs_fold");
  EXPECT_EQ(verdict(with_field("a: b\r\n\tc: d")), "obs_fold");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), "obs_fold");
}

TEST(RequestParser, space_before_the_colon_is_refused) {
  EXPECT_EQ(verdict(with_field("Content-Length : 5")), "space_before_colon");
  EXPECT_EQ(verdict(with_field("a\t: b")), "space_before_colon");
  EXPECT_EQ(verdict(with_field("a b: c")), "space_before_colon");
}

TEST(RequestParser, field_names_are_tokens) {
  EXPECT_EQ(verdict(with_field(": b")), "bad_field_name");
  EXPECT_EQ(verdict(with_field("no-colon")), "bad_field_name");
  EXPECT_EQ(verdict(with_field("a\x01: b")), "bad_field_name");
  EXPECT_EQ(verdict(with_field(std::string("a\0: b", 5))), "bad_field_name");
  EXPECT_EQ(verdict(with_field("a\x80: b")), "bad_field_name");
  EXPECT_EQ(verdict(with_field("(a): b")), "bad_field_name");
  EXPECT_EQ(verdict(with_field("!#$%&'*+-.^_`|~09azAZ: b")), "complete");
}

TEST(RequestParser, field_values_hold_no_control_characters) {
  EXPECT_EQ(verdict(with_field("a: b\x01")), "bad_field_value");
  EXPECT_EQ(verdict(with_field(std::string("a: b\0c", 6))), "bad_field_value");
  EXPECT_EQ(verdict(with_field("a: \x7f")), "bad_field_value");
  EXPECT_EQ(verdict(with_field("a: b\tc \x80\xff")), "complete");
}

TEST(RequestParser, a_target_is_refused_beyond_its_limit_with_414) {
  const ParseLimits limits{.target_bytes = 10};
  EXPECT_EQ(verdict(with_line("GET /123456789 HTTP/1.1"), limits), "complete");
  EXPECT_EQ(verdict(with_line("GET /1234567890 HTTP/1.1"), limits), "target_too_long");
  EXPECT_EQ(verdict("GET /1234567890", limits), "target_too_long");
  EXPECT_EQ(verdict("GET 1234567890a", limits), "bad_target");
  EXPECT_EQ(refusal(Rule::target_too_long).status, 414);
}

TEST(RequestParser, a_head_is_refused_beyond_its_limit_with_431) {
  const std::string bytes = with_field("a: b");
  EXPECT_EQ(verdict(bytes, {.head_bytes = bytes.size()}), "complete");
  EXPECT_EQ(verdict(bytes, {.head_bytes = bytes.size() - 1}), "head_too_large");
  EXPECT_EQ(verdict(bytes.substr(0, 20), {.head_bytes = 20}), "head_too_large");
  EXPECT_EQ(refusal(Rule::head_too_large).status, 431);
}

TEST(RequestParser, fields_are_refused_beyond_their_limit_with_431) {
  EXPECT_EQ(verdict(with_field("a: b"), {.max_fields = 2}), "complete");
  EXPECT_EQ(verdict(with_field("a: b\r\nc: d"), {.max_fields = 2}), "too_many_fields");
  std::string many;
  for (std::size_t field = 1; field < FieldList::kCapacity; ++field) many += "a: b\r\n";
  EXPECT_EQ(verdict(with_field(many + "c: d"), {.max_fields = 1000}), "too_many_fields");
  EXPECT_EQ(verdict(with_field(many.substr(0, many.size() - 2)), {.max_fields = 1000}), "complete");
  EXPECT_EQ(refusal(Rule::too_many_fields).status, 431);
}

TEST(FindHeadEnd, says_yes_only_where_the_parser_comes_to_a_verdict) {
  const std::string bytes = "\r\n" + with_field("a: b");
  std::uint32_t resume_at = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(find_head_end(std::string_view(bytes).substr(0, size), {}, resume_at)) << size;
    EXPECT_EQ(resume_at, size);
  }
  EXPECT_TRUE(find_head_end(bytes, {}, resume_at));
}

TEST(FindHeadEnd, stops_at_a_bare_line_feed_at_empty_lines_and_at_the_limit) {
  std::uint32_t resume_at = 0;
  EXPECT_TRUE(find_head_end("\r\n\r\n", {}, resume_at));
  resume_at = 0;
  EXPECT_TRUE(find_head_end("GET / HTTP/1.1\n", {}, resume_at));
  resume_at = 0;
  EXPECT_TRUE(find_head_end("GET / HTTP/1.1", {.head_bytes = 14}, resume_at));
  resume_at = 0;
  EXPECT_FALSE(find_head_end("GET / HTTP/1.1", {.head_bytes = 15}, resume_at));
}

}  // namespace
}  // namespace fairlead::http
