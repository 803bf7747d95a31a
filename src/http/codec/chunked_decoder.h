// Decodes chunked bodies piece by piece (RFC 9112, 7.1). The data stay where they are; only trailers are copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/counted_heap.h"
#include "http/codec/refusal.h"

namespace fairlead::http {

// What one call of `feed` found. `consumed` bytes of the input are done with; `data` is the part of them that is body.
struct BodyStep {
  // data: `data` is not empty, call again with the rest. need_more: the input is used up. done: the body is complete,
  // what follows `consumed` is not part of it. refused: `rule` says why; the connection is of no further use.
  enum class Status : std::uint8_t { data, need_more, done, refused };
  Status status = Status::need_more;
  Rule rule = Rule::none;
  std::size_t consumed = 0;
  std::string_view data = {};
};

// What a chunked body may carry beside its data. Small, since every stream has one.
struct ChunkLimits {
  // A body may have as many times `extension_bytes` in all.
  static constexpr std::uint32_t kExtendedChunks = 64;
  static constexpr std::uint16_t kMostExtensionBytes = 4 * 1024;
  static constexpr std::uint16_t kMostTrailerBytes = 32 * 1024;
  static constexpr std::uint8_t kMostTrailers = 128;

  std::uint16_t extension_bytes = 256;     // in one chunk; at most kMostExtensionBytes
  std::uint16_t trailer_bytes = 8 * 1024;  // of all trailers; at most kMostTrailerBytes
  std::uint8_t trailers = 32;              // at most kMostTrailers
};

// One chunked body. Any split of the input gives the same data, trailers and verdict. Extensions are dropped.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(ChunkLimits limits = {}) : limits_(limits) {}

  BodyStep feed(std::string_view in);

  bool is_complete() const { return state_ == State::complete; }
  // The trailer fields that may be passed on, as lines that end in CRLF. What frames, routes or authenticates a
  // message is not among them (RFC 9110, 6.5.1). Complete once `is_complete`.
  std::string_view trailer_lines() const { return trailers_ ? std::string_view(trailers_->kept) : std::string_view(); }

  // Whether it has memory for trailers, which may still grow up to their limit.
  bool keeps_trailers() const { return trailers_ != nullptr; }

 private:
  enum class State : std::uint8_t {
    size_first,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_first,
    last_lf,
    trailer,
    complete,
    refused,
  };

  struct Trailers {
    CountedString line;  // the line that has begun
    CountedString kept;
  };

  // Takes one byte of the lines between the data.
  Rule take(char byte);
  Rule take_size(char byte);
  Rule take_extension(char byte);
  Rule take_first_of_trailers(char byte);
  Rule take_trailer(char byte);
  Rule end_trailer_line();

  std::uint64_t chunk_left_ = 0;
  std::unique_ptr<Trailers> trailers_;  // only where there are any
  std::uint32_t extension_total_ = 0;
  ChunkLimits limits_;
  std::uint16_t extension_bytes_ = 0;
  std::uint16_t trailer_bytes_ = 0;
  std::uint8_t size_digits_ = 0;
  std::uint8_t trailer_count_ = 0;
  State state_ = State::size_first;
  Rule rule_ = Rule::none;
};

}  // namespace fairlead::http
