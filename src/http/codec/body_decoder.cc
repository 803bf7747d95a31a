// Bodies by length and until close need one number; chunked ones have a decoder of their own.
#include "http/codec/body_decoder.h"

#include <algorithm>

#include "base/assert.h"

namespace fairlead::http {

BodyStep BodyDecoder::feed(std::string_view in) {
  using Status = BodyStep::Status;
  if (framing_ == Framing::chunked) return chunked_.feed(in);
  if (is_complete()) return {.status = Status::done};
  if (in.empty()) return {.status = Status::need_more};
  const std::string_view data = framing_ == Framing::length
                                    ? in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())))
                                    : in;
  if (framing_ == Framing::length) left_ -= data.size();
  return {.status = Status::data, .consumed = data.size(), .data = data};
}

bool BodyDecoder::is_complete() const {
  switch (framing_) {
    case Framing::none:
      return true;
    case Framing::length:
      return left_ == 0;
    case Framing::chunked:
      return chunked_.is_complete();
    case Framing::until_close:
      return closed_;
  }
  return false;
}

void BodyDecoder::skip(std::uint64_t bytes) {
  FAIRLEAD_ASSERT(framing_ == Framing::length && bytes <= left_);
  left_ -= bytes;
}

bool BodyDecoder::end_of_stream() {
  closed_ = true;
  return is_complete();
}

}  // namespace fairlead::http
