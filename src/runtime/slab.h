// Memory for coroutine frames and small buffers: free lists by size, one set per thread, never shared.
//
// A frame that is freed is the next one handed out, so that it is still in the cache. Blocks are cut from large chunks
// and have no header: what a connection keeps while it is idle is small, and a header would be a part of it. Nothing is
// given back to the system before the thread ends: the peak is bounded by the limits on connections. Under
// AddressSanitizer every block comes from the system, so that a use after free is seen.
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
};

}  // namespace fairlead::runtime
