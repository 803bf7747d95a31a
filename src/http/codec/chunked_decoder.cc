// A machine over the bytes between the data; the data themselves are passed by in one step.
#include "http/codec/chunked_decoder.h"

#include <algorithm>
#include <utility>

#include "http/codec/field_line.h"
#include "http/codec/hop_by_hop.h"
#include "http/codec/scan.h"

namespace fairlead::http {
namespace {

// -1 where the byte is no hexadecimal digit.
constexpr int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

}  // namespace

BodyStep ChunkedDecoder::feed(std::string_view in) {
  using Status = BodyStep::Status;
  std::size_t at = 0;
  while (state_ != State::complete) {
    if (state_ == State::refused) return {.status = Status::refused, .rule = rule_, .consumed = at};
    if (at == in.size()) return {.status = Status::need_more, .consumed = at};
    if (state_ == State::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, in.size() - at));
      chunk_left_ -= size;
      if (chunk_left_ == 0) state_ = State::data_cr;
      return {.status = Status::data, .consumed = at + size, .data = in.substr(at, size)};
    }
    rule_ = take(in[at]);
    if (rule_ != Rule::none) {
      state_ = State::refused;
    } else {
      ++at;
    }
  }
  return {.status = Status::done, .consumed = at};
}

Rule ChunkedDecoder::take(char byte) {
  switch (state_) {
    case State::size_first:
    case State::size:
      return take_size(byte);
    case State::extension:
      return take_extension(byte);
    case State::size_lf:
      if (byte != '\n') return Rule::bare_cr;
      state_ = chunk_left_ == 0 ? State::trailer_first : State::data;
      return Rule::none;
    case State::data_cr:
      state_ = State::data_lf;
      return byte == '\r' ? Rule::none : Rule::bad_chunk_end;
    case State::data_lf:
      state_ = State::size_first;
      return byte == '\n' ? Rule::none : Rule::bad_chunk_end;
    case State::trailer_first:
      return take_first_of_trailers(byte);
    case State::last_lf:
      state_ = State::complete;
      return byte == '\n' ? Rule::none : Rule::bare_cr;
    case State::trailer:
      return take_trailer(byte);
    case State::data:
    case State::complete:
    case State::refused:
      break;
  }
  std::unreachable();
}

Rule ChunkedDecoder::take_size(char byte) {
  constexpr std::uint8_t kMaxDigits = 16;
  if (const int digit = hex_value(byte); digit >= 0) {
    if (state_ == State::size_first) {
      chunk_left_ = 0;
      size_digits_ = 0;
      state_ = State::size;
    }
    if (++size_digits_ > kMaxDigits || chunk_left_ >> 59 != 0) return Rule::chunk_too_large;
    chunk_left_ = chunk_left_ << 4 | static_cast<unsigned>(digit);
    return Rule::none;
  }
  if (state_ == State::size_first) return Rule::bad_chunk_size;
  if (byte == '\n') return Rule::bare_lf;
  if (byte != '\r' && byte != ';') return Rule::bad_chunk_size;
  extension_bytes_ = 0;
  state_ = byte == '\r' ? State::size_lf : State::extension;
  return Rule::none;
}

// What an extension says is nobody's business (RFC 9112, 7.1.1); where it ends is.
Rule ChunkedDecoder::take_extension(char byte) {
  if (byte == '\r') {
    state_ = State::size_lf;
    return Rule::none;
  }
  if (byte == '\n') return Rule::bare_lf;
  if (!scan::is_in(scan::kValue, byte)) return Rule::bad_chunk_extension;
  const std::uint32_t most_in_all = ChunkLimits::kExtendedChunks * limits_.extension_bytes;
  if (++extension_bytes_ > limits_.extension_bytes || ++extension_total_ > most_in_all)
    return Rule::chunk_extensions_too_long;
  return Rule::none;
}

// Nearly always the empty line comes at once, and nothing is kept.
Rule ChunkedDecoder::take_first_of_trailers(char byte) {
  if (byte == '\r') {
    state_ = State::last_lf;
    return Rule::none;
  }
  trailers_ = std::make_unique<Trailers>();
  // Growing bit by bit would leave holes in the heap, and lines may come to their limit.
  trailers_->line.reserve(std::min(limits_.trailer_bytes, ChunkLimits().trailer_bytes));
  state_ = State::trailer;
  return take_trailer(byte);
}

Rule ChunkedDecoder::take_trailer(char byte) {
  if (++trailer_bytes_ > limits_.trailer_bytes) return Rule::trailers_too_large;
  trailers_->line.push_back(byte);
  return byte == '\n' ? end_trailer_line() : Rule::none;
}

Rule ChunkedDecoder::end_trailer_line() {
  CountedString& line = trailers_->line;
  const FieldLine parsed = parse_field_line(line.data(), line.data() + line.size());
  if (parsed.kind == FieldLine::Kind::refused) return parsed.rule;
  // A line that ends in LF is whole, one way or the other.
  FAIRLEAD_ASSERT(parsed.kind != FieldLine::Kind::incomplete);
  if (parsed.kind == FieldLine::Kind::empty_line) {
    state_ = State::complete;
    CountedString().swap(line);
    return Rule::none;
  }
  if (++trailer_count_ > limits_.trailers) return Rule::trailers_too_large;
  if (is_allowed_in_trailers(parsed.field.name)) trailers_->kept += line;
  line.clear();
  return Rule::none;
}

}  // namespace fairlead::http
