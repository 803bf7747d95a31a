#include "net/memory_share.h"

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
  if (runtime::Slab::is_worth_trimming()) {
    runtime::Slab::trim();
    slab = runtime::Slab::usage();
  }
  // What is free may serve again, or be of another size than what is needed: a half counts, and in full what is beyond
  // half the limit. So no more than five quarters of the limit are held, and what is only held shuts nobody out.
  const std::size_t half = limit_ / 2;
  const std::size_t counted = slab.free <= half ? slab.free / 2 : half / 2 + (slab.free - half);
  return in_use(slab) + counted + reserve <= limit_;
}

}  // namespace fairlead::net
