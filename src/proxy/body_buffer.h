// The beginning of a request's body, or all of it, kept so that it can be sent once more.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/counted_heap.h"
#include "http/stream.h"
#include "net/memory_share.h"
#include "proxy/body_budget.h"
#include "runtime/task.h"

namespace fairlead::proxy {

class BodyBuffer {
 public:
  BodyBuffer() = default;
  BodyBuffer(const BodyBuffer&) = delete;
  BodyBuffer& operator=(const BodyBuffer&) = delete;
  ~BodyBuffer() { forget(); }

  // Reads the body until it ends, at least `size` bytes are kept, `budget` is spent, or `memory` is short; both outlive
  // this. A client that waits for a 100 gets it first: no server has been asked yet that could send one. Errors: those
  // of ServerStream::read_body.
  runtime::Task<void> fill(http::ServerStream& downstream, std::size_t size, BodyBudget& budget,
                           net::MemoryShare& memory);
  // Whether the client has been told to go on.
  bool has_asked() const { return has_asked_; }
  // Whether there is anything to send, if only the end of the body.
  bool has_content() const { return is_whole_ || !blocks_.empty(); }
  // Sends what is kept; as often as it takes. Errors: those of ClientStream::send_body.
  runtime::Task<void> send(http::ClientStream& upstream) const;
  // It will not be sent again: gives its memory back.
  void forget();

 private:
  void keep(std::string_view bytes);

  // Of up to 64 KiB each: one string would take twice its size as it grows.
  std::vector<CountedString> blocks_;
  CountedString trailers_;
  BodyBudget* budget_ = nullptr;
  std::size_t size_ = 0;  // taken of the budget
  bool is_whole_ = false;
  bool has_asked_ = false;
};

}  // namespace fairlead::proxy
