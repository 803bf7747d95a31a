#include "net/memory_share.h"

#include <algorithm>

#include "base/counted_heap.h"
#include "net/connection.h"
#include "runtime/slab.h"

namespace fairlead::net {

namespace {

std::size_t in_use(const runtime::Slab::Usage& slab) {
  return slab.in_use + CountedHeap::in_use() + Connection::open_on_this_thread() * MemoryShare::kSocket;
}

}  // namespace

bool MemoryShare::has_room(std::size_t reserve) {
  runtime::Slab::Usage slab = runtime::Slab::usage();
  if (in_use(slab) + slab.free + reserve <= limit_) [[likely]]
    return true;
  runtime::Slab::trim();
  slab = runtime::Slab::usage();
  // What is free may serve again, or be of another size than what is needed. It never shuts anybody out by itself.
  return in_use(slab) + std::min(slab.free, limit_) / 2 + reserve <= limit_;
}

}  // namespace fairlead::net
