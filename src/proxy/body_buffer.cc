#include "proxy/body_buffer.h"

#include <algorithm>
#include <string_view>

namespace fairlead::proxy {

runtime::Task<void> BodyBuffer::fill(http::ServerStream& downstream, std::size_t size) {
  while (downstream.is_receiving() && bytes_.size() < size) {
    const http::BodyPart part = co_await downstream.read_body();
    bytes_.append(part.data);
    if (!part.is_last) continue;
    is_whole_ = true;
    trailers_ = downstream.request_trailers();
  }
}

runtime::Task<void> BodyBuffer::send(http::ClientStream& upstream) const {
  // In pieces, since a connection copies what the kernel does not take at once.
  constexpr std::size_t kPiece = std::size_t{64} * 1024;
  std::string_view rest = bytes_;
  bool is_last = false;
  do {
    const std::string_view piece = rest.substr(0, kPiece);
    rest.remove_prefix(piece.size());
    is_last = rest.empty();
    const bool ends_body = is_last && is_whole_;
    co_await upstream.send_body({piece, ends_body}, ends_body ? std::string_view(trailers_) : std::string_view());
  } while (!is_last);
}

}  // namespace fairlead::proxy
