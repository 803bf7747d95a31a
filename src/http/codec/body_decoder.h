// Finds the body of a message in the bytes that follow its head, however it is framed (RFC 9112, 6).
#pragma once

#include <cstdint>
#include <string_view>

#include "http/codec/chunked_decoder.h"
#include "http/codec/message.h"

namespace fairlead::http {

// The body of one message. Small enough to be part of a stream; allocates only for trailers.
class BodyDecoder {
 public:
  // No body.
  BodyDecoder() = default;
  // `length` counts only with Framing::length, `limits` only with Framing::chunked.
  BodyDecoder(Framing framing, std::uint64_t length, ChunkLimits limits = {})
      : framing_(framing), left_(framing == Framing::length ? length : 0), chunked_(limits) {}

  // As ChunkedDecoder::feed. A complete body consumes nothing more and says done.
  BodyStep feed(std::string_view in);

  Framing framing() const { return framing_; }
  bool is_complete() const;
  // Bytes of body still to come with Framing::length; 0 with every other framing.
  std::uint64_t bytes_left() const { return left_; }
  // The caller has moved bytes of the body by another way (splice). Only with Framing::length, at most `bytes_left`.
  void skip(std::uint64_t bytes);
  // The peer has closed its side: true where the body is whole by that (RFC 9112, 8).
  bool end_of_stream();
  // As ChunkedDecoder::trailer_lines.
  std::string_view trailer_lines() const { return chunked_.trailer_lines(); }
  // As ChunkedDecoder::keeps_trailers.
  bool keeps_trailers() const { return chunked_.keeps_trailers(); }

 private:
  Framing framing_ = Framing::none;
  bool closed_ = false;
  std::uint64_t left_ = 0;
  ChunkedDecoder chunked_;
};

static_assert(sizeof(BodyDecoder) <= 64);

}  // namespace fairlead::http
