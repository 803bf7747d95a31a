#include "http/stream.h"

namespace fairlead::http {

OutgoingFraming OutgoingFraming::of(const RequestHead& head) {
  if (head.framing == Framing::length) return {Framing::length, head.content_length};
  return {head.framing};
}

OutgoingFraming OutgoingFraming::of(const ResponseHead& head, Method request_method) {
  switch (head.framing) {
    case Framing::length:
      return {Framing::length, head.content_length};
    case Framing::chunked:
    case Framing::until_close:
      return {Framing::chunked};
    case Framing::none:
      break;
  }
  // RFC 9110, 8.6: a size without a body is stated in an answer to HEAD and in a 304 only.
  const bool may_state_size = request_method == Method::head || head.status == 304;
  if (may_state_size && head.has_content_length) return {Framing::none, head.content_length};
  return {Framing::none};
}

}  // namespace fairlead::http
