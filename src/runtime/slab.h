// Memory for coroutine frames and small buffers: free lists by size, one set per thread, never shared.
//
// A frame that is freed is the next one handed out, so that it is still in the cache. Blocks are cut from large chunks,
// each for blocks of one size, and have no header: what a connection keeps while it is idle is small, and a header
// would be a part of it. A thread keeps what it has once used until `trim`. Under AddressSanitizer every block comes
// from the heap, so that a use after free is seen.
#pragma once

#include <cstddef>

namespace fairlead::runtime {

class Slab {
 public:
  static constexpr std::size_t kGranule = 16;
  static constexpr std::size_t kLargest = 4096;

  // A block of at least `size` bytes, aligned for any type. Above `kLargest` it comes straight from the heap.
  static void* allocate(std::size_t size);
  // Gives back what `allocate(size)` returned on the same thread, with the same size.
  static void release(void* block, std::size_t size) noexcept;

  // Of this thread, in bytes.
  struct Usage {
    std::size_t held = 0;  // blocks in use, and such as have been
    std::size_t free = 0;  // the latter: they serve for blocks of their size only
  };
  static Usage usage();

  // Gives chunks none of whose blocks is in use back to the heap, where they serve for blocks of any size. Looks at
  // every free block: it takes some ten nanoseconds for each.
  static void trim();
};

}  // namespace fairlead::runtime
