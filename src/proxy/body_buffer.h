// The beginning of a request's body, or all of it, kept so that it can be sent once more.
#pragma once

#include <cstddef>
#include <string>

#include "http/stream.h"
#include "runtime/task.h"

namespace fairlead::proxy {

class BodyBuffer {
 public:
  // Reads the body until it ends or at least `size` bytes are kept. Errors: those of ServerStream::read_body.
  runtime::Task<void> fill(http::ServerStream& downstream, std::size_t size);
  // Whether there is anything to send, if only the end of the body.
  bool has_content() const { return is_whole_ || !bytes_.empty(); }
  // Sends what is kept; as often as it takes. Errors: those of ClientStream::send_body.
  runtime::Task<void> send(http::ClientStream& upstream) const;

 private:
  std::string bytes_;
  std::string trailers_;
  bool is_whole_ = false;
};

}  // namespace fairlead::proxy
