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
#if defined(__has_feature) && __has_feature(address_sanitizer)
  static constexpr bool kIsHeap = true;
#else
  static constexpr bool kIsHeap = false;
#endif

  // A block of at least `size` bytes, aligned for any type. Above `kLargest` it comes straight from the heap, which
  // counts it (CountedHeap). For sizes that the program has few of: frames and objects.
  static void* allocate(std::size_t size);
  // Gives back what `allocate(size)` returned on the same thread, with the same size.
  static void release(void* block, std::size_t size) noexcept;

  // The same for bytes, of which there are blocks of any size: only short ones come from the slab, since a block that
  // is free serves for its own size alone.
  static void* allocate_bytes(std::size_t size);
  static void release_bytes(void* block, std::size_t size) noexcept;

  // Of this thread, in bytes: blocks in use, and the rest of the chunks that these were cut from.
  struct Usage {
    std::size_t in_use = 0;
    std::size_t free = 0;
  };
  static Usage usage();

  // Gives chunks none of whose blocks is in use back to the system, where they serve for anything. It looks at every
  // free block, of which most are in no cache.
  static void trim();
  // Whether so much has been released since the last time that this may pay: a quarter of what is free, and a little of
  // what is held. Who asks first spends a few looks on each block that was released.
  static bool is_worth_trimming();
};

}  // namespace fairlead::runtime
