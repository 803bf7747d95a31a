#include "net/memory_share.h"

#include <algorithm>

#include "net/connection.h"
#include "runtime/slab.h"

namespace fairlead::net {

MemoryShare::Use MemoryShare::use() {
  const runtime::Slab::Usage slab = runtime::Slab::usage();
  return {.held = slab.held + Connection::open_on_this_thread() * kSocket, .free = slab.free};
}

bool MemoryShare::has_room(std::size_t reserve) {
  const Use now = use();
  if (has_room(now, reserve)) [[likely]]
    return true;
  // Trimming looks at all that is free: only where enough has become free since the last time to be worth it.
  free_after_trim_ = std::min(free_after_trim_, now.free);
  if (now.free < free_after_trim_ + limit_ / 16) return false;
  runtime::Slab::trim();
  const Use left = use();
  free_after_trim_ = left.free;
  return has_room(left, reserve);
}

}  // namespace fairlead::net
