// What is written, and which fields are passed on.
#include "http/codec/serializer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::http {
namespace {

// What a function writes with room for all of it.
template <typename Write>
std::string written(Write write) {
  std::array<char, 4096> space;
  BufferWriter writer(space);
  write(writer);
  EXPECT_FALSE(writer.has_overflowed());
  return std::string(writer.written());
}

// The fields of a request that are passed on.
std::string passed_on(std::string_view lines) {
  const std::string bytes = "GET / HTTP/1.1\r\n" + std::string(lines) + "\r\n";
  RequestHead head;
  EXPECT_EQ(parse_request_head(bytes, {}, head).status, HeadParse::Status::complete);
  return written([&](BufferWriter& writer) { copy_fields(writer, head.fields, hop_by_hop_fields(head.fields)); });
}

TEST(BufferWriter, says_that_it_has_overflowed_and_writes_no_more) {
  std::array<char, 4> space;
  BufferWriter writer(space);
  writer.append("abcd");
  EXPECT_FALSE(writer.has_overflowed());
  writer.append("");
  EXPECT_FALSE(writer.has_overflowed());
  writer.append("e");
  EXPECT_TRUE(writer.has_overflowed());
  EXPECT_EQ(writer.written(), "abcd");
}

TEST(BufferWriter, what_does_not_fit_leaves_no_part_and_nothing_follows_it) {
  std::array<char, 4> space;
  BufferWriter writer(space);
  writer.append("abc");
  writer.append("de");
  writer.append("f");
  EXPECT_TRUE(writer.has_overflowed());
  EXPECT_EQ(writer.written(), "abc");
}

TEST(BufferWriter, writes_the_largest_numbers) {
  EXPECT_EQ(written([](BufferWriter& writer) { writer.append_decimal(UINT64_MAX); }), "18446744073709551615");
  EXPECT_EQ(written([](BufferWriter& writer) { writer.append_hex(UINT64_MAX); }), "ffffffffffffffff");
}

TEST(Serializer, first_lines_are_http_1_1) {
  RequestHead head;
  ASSERT_EQ(parse_request_head("PURGE http://a/b?c HTTP/1.0\r\n\r\n", {}, head).status, HeadParse::Status::complete);
  EXPECT_EQ(written([&](BufferWriter& writer) { write_request_line(writer, head); }), "PURGE /b?c HTTP/1.1\r\n");
  EXPECT_EQ(written([](BufferWriter& writer) { write_request_line(writer, "GET", "/h"); }), "GET /h HTTP/1.1\r\n");
  EXPECT_EQ(written([](BufferWriter& writer) { write_status_line(writer, 204, reason_of(204)); }),
            "HTTP/1.1 204 No Content\r\n");
  EXPECT_EQ(written([](BufferWriter& writer) { write_status_line(writer, 299, reason_of(299)); }), "HTTP/1.1 299 \r\n");
}

TEST(Serializer, an_empty_query_keeps_its_mark) {
  RequestHead head;
  ASSERT_EQ(parse_request_head("GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", {}, head).status, HeadParse::Status::complete);
  EXPECT_EQ(written([&](BufferWriter& writer) { write_request_line(writer, head); }), "GET /a? HTTP/1.1\r\n");
}

TEST(Serializer, framing_is_made_from_values) {
  const auto framing = [](Framing kind) {
    return written([&](BufferWriter& writer) { write_framing(writer, kind, 42); });
  };
  EXPECT_EQ(framing(Framing::length), "Content-Length: 42\r\n");
  EXPECT_EQ(framing(Framing::chunked), "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(framing(Framing::none), "");
  EXPECT_EQ(framing(Framing::until_close), "");
}

TEST(Serializer, answers_without_a_body_keep_their_length_where_they_may) {
  const auto framing = [](std::string_view status, std::string_view field, Method method) {
    const std::string bytes = "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(field) + "\r\n\r\n";
    ResponseHead head;
    EXPECT_EQ(parse_response_head(bytes, {}, method, head).status, HeadParse::Status::complete);
    return written([&](BufferWriter& writer) { write_framing(writer, head); });
  };
  EXPECT_EQ(framing("200", "Content-Length: 7", Method::head), "Content-Length: 7\r\n");
  EXPECT_EQ(framing("304", "Content-Length: 7", Method::get), "Content-Length: 7\r\n");
  EXPECT_EQ(framing("204", "Content-Length: 7", Method::get), "");
  EXPECT_EQ(framing("100", "Content-Length: 7", Method::get), "");
  EXPECT_EQ(framing("200", "Transfer-Encoding: chunked", Method::head), "");
  EXPECT_EQ(framing("200", "Transfer-Encoding: chunked", Method::get), "Transfer-Encoding: chunked\r\n");
}

TEST(Serializer, chunks_are_written_as_the_decoder_reads_them) {
  const std::string body = written([](BufferWriter& writer) {
    write_chunk_size(writer, 26);
    writer.append("abcdefghijklmnopqrstuvwxyz");
    writer.append(kChunkEnd);
    write_last_chunk(writer, "X-Sum: 1\r\n");
  });
  EXPECT_EQ(body, "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(written([](BufferWriter& writer) { write_chunk_size(writer, UINT64_MAX); }).size(), kMaxChunkSizeLine);
}

TEST(CopyFields, end_to_end_fields_pass_untouched) {
  const std::string lines = "Host: a\r\nAccept:*/*\r\nX-Empty:\r\nTrailer: x\r\nTE: trailers\r\n";
  EXPECT_EQ(passed_on(lines), lines);
}

TEST(CopyFields, blanks_after_a_value_are_not_passed_on) {
  EXPECT_EQ(passed_on("Host: a \t\r\nB: c \r\nD: e\r\n"), "Host: a\r\nB: c\r\nD: e\r\n");
}

TEST(CopyFields, hop_by_hop_fields_are_dropped_wherever_they_stand) {
  EXPECT_EQ(passed_on("Connection: close\r\nHost: a\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nB: c\r\n"
                      "TE: gzip\r\nUpgrade: h2c\r\nProxy-Authorization: x\r\nContent-Length: 5\r\n"),
            "Host: a\r\nB: c\r\n");
  EXPECT_EQ(passed_on("Host: a\r\nTransfer-Encoding: chunked\r\nTE: trailers, gzip\r\n"), "Host: a\r\n");
}

TEST(CopyFields, what_connection_names_is_dropped_in_any_case_and_place) {
  EXPECT_EQ(passed_on("X-One: 1\r\nHost: a\r\nConnection: x-one, ,X-TWO\r\nX-Two: 2\r\nX-Three: 3\r\nx-one: 4\r\n"),
            "Host: a\r\nX-Three: 3\r\n");
}

TEST(CopyFields, connection_cannot_drop_host_or_forwarding_fields) {
  EXPECT_EQ(passed_on("Host: a\r\nConnection: host, x-forwarded-for, forwarded, x-request-id\r\nX-Forwarded-For: 1\r\n"
                      "Forwarded: for=1\r\nX-Request-Id: 2\r\n"),
            "Host: a\r\nX-Forwarded-For: 1\r\nForwarded: for=1\r\nX-Request-Id: 2\r\n");
}

TEST(CopyFields, names_that_servers_fold_onto_ours_are_dropped) {
  EXPECT_EQ(
      passed_on("Host: a\r\nX_Forwarded_For: 1\r\nx-real_ip: 2\r\nContent_Length: 3\r\nTransfer_Encoding: chunked\r\n"
                "my_field: 4\r\n"),
      "Host: a\r\nmy_field: 4\r\n");
}

}  // namespace
}  // namespace fairlead::http
