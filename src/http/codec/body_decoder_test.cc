// All framings. Every chunked case is fed whole, in pieces of three and byte by byte.
#include "http/codec/body_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::http {
namespace {

using Status = BodyStep::Status;

struct Decoded {
  std::string data;
  std::string trailers;
  std::string_view verdict = "need_more";  // done, need_more, or the word of the rule
  std::size_t consumed = 0;
};

// Feeds pieces of the given size, each through as many calls as it takes.
Decoded decode(BodyDecoder decoder, std::string_view bytes, std::size_t piece_size) {
  Decoded result;
  while (result.consumed < bytes.size()) {
    std::string_view piece = bytes.substr(result.consumed, piece_size);
    while (!piece.empty()) {
      const BodyStep step = decoder.feed(piece);
      result.consumed += step.consumed;
      result.data += step.data;
      result.trailers = decoder.trailer_lines();
      if (step.status == Status::done) result.verdict = "done";
      if (step.status == Status::refused) result.verdict = word(step.rule);
      if (step.status == Status::done || step.status == Status::refused) return result;
      piece.remove_prefix(step.consumed);
    }
  }
  if (decoder.is_complete()) result.verdict = "done";
  return result;
}

// Whole, byte by byte, and in pieces of three: all must agree.
Decoded decode_chunked(std::string_view bytes, ChunkLimits limits = {}) {
  Decoded whole = decode(BodyDecoder(Framing::chunked, 0, limits), bytes, bytes.size());
  for (const std::size_t piece_size : {1U, 3U}) {
    const Decoded pieces = decode(BodyDecoder(Framing::chunked, 0, limits), bytes, piece_size);
    EXPECT_EQ(pieces.data, whole.data);
    EXPECT_EQ(pieces.trailers, whole.trailers);
    EXPECT_EQ(pieces.verdict, whole.verdict);
    EXPECT_EQ(pieces.consumed, whole.consumed);
  }
  return whole;
}

std::string_view verdict(std::string_view bytes, ChunkLimits limits = {}) {
  return decode_chunked(bytes, limits).verdict;
}

TEST(BodyDecoder, no_body_is_complete_and_takes_nothing) {
  BodyDecoder decoder;
  const BodyStep step = decoder.feed("next");
  EXPECT_EQ(step.status, Status::done);
  EXPECT_EQ(step.consumed, 0U);
  EXPECT_TRUE(decoder.is_complete());
}

TEST(BodyDecoder, a_length_is_taken_and_not_a_byte_more) {
  BodyDecoder decoder(Framing::length, 7);
  EXPECT_EQ(decoder.feed("").status, Status::need_more);
  EXPECT_EQ(decoder.feed("abc").data, "abc");
  EXPECT_EQ(decoder.bytes_left(), 4U);
  EXPECT_FALSE(decoder.end_of_stream());
  decoder.skip(2);
  const BodyStep last = decoder.feed("fgnext");
  EXPECT_EQ(last.status, Status::data);
  EXPECT_EQ(last.data, "fg");
  EXPECT_TRUE(decoder.is_complete());
  EXPECT_EQ(decoder.feed("next").status, Status::done);
  EXPECT_EQ(decoder.feed("next").consumed, 0U);
}

TEST(BodyDecoder, a_length_of_0_is_complete) { EXPECT_TRUE(BodyDecoder(Framing::length, 0).is_complete()); }

TEST(BodyDecoder, until_close_ends_with_the_stream_only) {
  BodyDecoder decoder(Framing::until_close, 0);
  EXPECT_EQ(decoder.feed("abc").data, "abc");
  EXPECT_FALSE(decoder.is_complete());
  EXPECT_TRUE(decoder.end_of_stream());
  EXPECT_EQ(decoder.feed("").status, Status::done);
}

TEST(BodyDecoder, an_end_of_stream_within_chunks_is_not_the_end_of_the_body) {
  BodyDecoder decoder(Framing::chunked, 0);
  EXPECT_EQ(decoder.feed("5\r\nabc").data, "abc");
  EXPECT_FALSE(decoder.end_of_stream());
}

TEST(ChunkedDecoder, gives_the_data_in_place_and_stops_after_the_last_chunk) {
  const std::string bytes = "5\r\nhello\r\n6;a=b\r\n world\r\nA\r\n0123456789\r\n0\r\n\r\nGET";
  const Decoded body = decode_chunked(bytes);
  EXPECT_EQ(body.verdict, "done");
  EXPECT_EQ(body.data, "hello world0123456789");
  EXPECT_EQ(body.consumed, bytes.size() - 3);
  EXPECT_EQ(body.trailers, "");
  BodyDecoder decoder(Framing::chunked, 0);
  EXPECT_EQ(decoder.feed(bytes).data.data(), bytes.data() + 3);
}

TEST(ChunkedDecoder, chunk_sizes_are_hexadecimal_digits_only) {
  for (const std::string_view size : {"x", "0x5", "+5", "-5", " 5", "5 ", "\t5", "5\t;a", "5g", "", "\x80"})
    EXPECT_EQ(verdict(std::string(size) + "\r\nhello\r\n0\r\n\r\n"), "bad_chunk_size") << size;
  EXPECT_EQ(decode_chunked("0000000000000005\r\nhello\r\n0\r\n\r\n").data, "hello");
  EXPECT_EQ(decode_chunked("aB\r\n" + std::string(0xab, 'x') + "\r\n00\r\n\r\n").data.size(), 0xabU);
}

TEST(ChunkedDecoder, chunk_sizes_that_overflow_are_refused) {
  EXPECT_EQ(verdict("10000000000000005\r\nhello"), "chunk_too_large");
  EXPECT_EQ(verdict("00000000000000005\r\nhello"), "chunk_too_large");
  EXPECT_EQ(verdict("8000000000000000\r\n"), "chunk_too_large");
  EXPECT_EQ(verdict("ffffffffffffffff\r\n"), "chunk_too_large");
  EXPECT_EQ(verdict("7fffffffffffffff\r\nx"), "need_more");
}

TEST(ChunkedDecoder, bare_line_ends_are_refused) {
  EXPECT_EQ(verdict("5\nhello\r\n0\r\n\r\n"), "bare_lf");
  EXPECT_EQ(verdict("5\rhello\r\n0\r\n\r\n"), "bare_cr");
  EXPECT_EQ(verdict("5;a\nhello\r\n0\r\n\r\n"), "bare_lf");
  EXPECT_EQ(verdict("5;a\rb\r\nhello"), "bare_cr");
  EXPECT_EQ(verdict("0\r\n\n"), "bare_lf");
  EXPECT_EQ(verdict("0\r\n\rx"), "bare_cr");
  EXPECT_EQ(verdict("0\r\na: b\n\r\n"), "bare_lf");
}

TEST(ChunkedDecoder, data_end_where_their_size_says) {
  EXPECT_EQ(verdict("5\r\nhelloX\r\n0\r\n\r\n"), "bad_chunk_end");
  EXPECT_EQ(verdict("5\r\nhello\n0\r\n\r\n"), "bad_chunk_end");
  EXPECT_EQ(verdict("5\r\nhello\rX"), "bad_chunk_end");
  EXPECT_EQ(verdict("5\r\nhello0\r\n\r\n"), "bad_chunk_end");
}

TEST(ChunkedDecoder, extensions_hold_no_control_characters) {
  EXPECT_EQ(verdict("5;a=\"b\tc\"\r\nhello\r\n0;x\r\n\r\n"), "done");
  EXPECT_EQ(verdict("5;a\x01\r\nhello"), "bad_chunk_extension");
  EXPECT_EQ(verdict(std::string("5;\0\r\n", 5)), "bad_chunk_extension");
}

TEST(ChunkedDecoder, extensions_are_bounded_in_one_chunk_and_in_all) {
  for (const std::uint16_t most : {std::uint16_t{7}, ChunkLimits().extension_bytes, ChunkLimits::kMostExtensionBytes}) {
    const ChunkLimits limits{.extension_bytes = most};
    const std::string longest(most, 'x');
    EXPECT_EQ(verdict("0;" + longest + "\r\n\r\n", limits), "done");
    EXPECT_EQ(verdict("0;" + longest + "x", limits), "chunk_extensions_too_long");
    std::string many;
    for (std::uint32_t chunk = 0; chunk < ChunkLimits::kExtendedChunks; ++chunk) many += "1;" + longest + "\r\na\r\n";
    EXPECT_EQ(verdict(many + "0\r\n\r\n", limits), "done");
    EXPECT_EQ(verdict(many + "1;x\r\n", limits), "chunk_extensions_too_long");
  }
  EXPECT_EQ(verdict("0;\r\n\r\n", {.extension_bytes = 0}), "done");
  EXPECT_EQ(verdict("0;x\r\n\r\n", {.extension_bytes = 0}), "chunk_extensions_too_long");
}

TEST(ChunkedDecoder, trailers_are_kept_as_lines) {
  const Decoded body = decode_chunked("1\r\na\r\n0\r\nX-Sum: 1\r\ngrpc-status:0\r\n\r\nnext");
  EXPECT_EQ(body.verdict, "done");
  EXPECT_EQ(body.trailers, "X-Sum: 1\r\ngrpc-status:0\r\n");
}

TEST(ChunkedDecoder, trailers_that_frame_route_or_authenticate_are_dropped) {
  const Decoded body = decode_chunked(
      "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: x\r\nX-Forwarded-For: y\r\n"
      "content_length: 5\r\nx_forwarded_for: z\r\nConnection: close\r\nCookie: a\r\nKept: yes\r\n\r\n");
  EXPECT_EQ(body.verdict, "done");
  EXPECT_EQ(body.trailers, "Kept: yes\r\n");
}

TEST(ChunkedDecoder, trailers_are_as_strict_as_heads) {
  EXPECT_EQ(verdict("0\r\na : b\r\n\r\n"), "space_before_colon");
  EXPECT_EQ(verdict("0\r\na: b\r\n c\r\n\r\n"), "obs_fold");
  EXPECT_EQ(verdict("0\r\na: b\x01\r\n\r\n"), "bad_field_value");
  EXPECT_EQ(verdict("0\r\na: b\rc\r\n\r\n"), "bare_cr");
  EXPECT_EQ(verdict("0\r\nGET / HTTP/1.1\r\n\r\n"), "space_before_colon");
}

TEST(ChunkedDecoder, trailers_are_bounded_in_number_and_bytes) {
  for (const std::uint8_t most : {std::uint8_t{0}, ChunkLimits().trailers, ChunkLimits::kMostTrailers}) {
    std::string lines;
    for (std::uint32_t count = 0; count < most; ++count) lines += "a: b\r\n";
    EXPECT_EQ(verdict("0\r\n" + lines + "\r\n", {.trailers = most}), "done");
    EXPECT_EQ(verdict("0\r\n" + lines + "a: b\r\n\r\n", {.trailers = most}), "trailers_too_large");
  }
  for (const std::uint16_t most : {std::uint16_t{64}, ChunkLimits().trailer_bytes, ChunkLimits::kMostTrailerBytes}) {
    // All lines count, with the empty one behind them.
    const std::string line = "a: " + std::string(most - 3U - 2U - 2U, 'b');
    EXPECT_EQ(verdict("0\r\n" + line + "\r\n\r\n", {.trailer_bytes = most}), "done");
    EXPECT_EQ(verdict("0\r\n" + line + "b\r\n\r\n", {.trailer_bytes = most}), "trailers_too_large");
  }
}

TEST(ChunkedDecoder, a_refused_body_stays_refused) {
  BodyDecoder decoder(Framing::chunked, 0);
  EXPECT_EQ(decoder.feed("x").status, Status::refused);
  const BodyStep again = decoder.feed("5\r\nhello");
  EXPECT_EQ(again.status, Status::refused);
  EXPECT_EQ(again.rule, Rule::bad_chunk_size);
}

}  // namespace
}  // namespace fairlead::http
