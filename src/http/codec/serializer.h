// Writes HTTP/1.1 messages. Whatever frames a message is made here from values, never copied from input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/codec/hop_by_hop.h"
#include "http/codec/message.h"

namespace fairlead::http {

// Appends to memory of the caller. What does not fit is not written, and the writer says so from then on: the caller
// looks once, at the end.
class BufferWriter {
 public:
  explicit BufferWriter(std::span<char> space) : begin_(space.data()), next_(begin_), end_(begin_ + space.size()) {}

  void append(std::string_view bytes);
  void append(char byte) { append(std::string_view(&byte, 1)); }
  void append_decimal(std::uint64_t number);
  void append_hex(std::uint64_t number);

  bool has_overflowed() const { return overflowed_; }
  std::string_view written() const { return {begin_, next_}; }
  std::size_t size() const { return static_cast<std::size_t>(next_ - begin_); }

 private:
  char* begin_;
  char* next_;
  char* end_;
  bool overflowed_ = false;
};

// `GET /path?query HTTP/1.1`, in origin form.
void write_request_line(BufferWriter& writer, const RequestHead& head);
void write_request_line(BufferWriter& writer, std::string_view method, std::string_view target);
// `HTTP/1.1 200 OK`
void write_status_line(BufferWriter& writer, std::uint16_t status, std::string_view reason);
// `name: value`. The caller answers for both being valid.
void write_field(BufferWriter& writer, std::string_view name, std::string_view value);
// Copies the fields that are not marked; neighbours in the input are copied as one run of bytes. `fields` must come
// from a head parser.
void copy_fields(BufferWriter& writer, const FieldList& fields, const FieldMarks& dropped);
// Content-Length, Transfer-Encoding, or nothing.
void write_framing(BufferWriter& writer, Framing framing, std::uint64_t content_length);
// That of a response as it came: an answer to HEAD and a 304 keep the length of the body that they do not have
// (RFC 9110, 8.6).
void write_framing(BufferWriter& writer, const ResponseHead& head);
// The empty line.
void end_head(BufferWriter& writer);

// The line before the data of a chunk; `size` is not 0. After the data comes CRLF (kChunkEnd).
void write_chunk_size(BufferWriter& writer, std::uint64_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
// The longest line that write_chunk_size writes.
inline constexpr std::size_t kMaxChunkSizeLine = 18;
// The last chunk, with trailers as ChunkedDecoder::trailer_lines gives them.
void write_last_chunk(BufferWriter& writer, std::string_view trailer_lines);

// The usual phrase of a status; empty for an unknown one.
std::string_view reason_of(std::uint16_t status);

}  // namespace fairlead::http
