// Asking for memory before it is needed.
//
// With thousands of connections and servers, most of what a request touches is in no near cache. A miss costs as much
// as a hundred instructions, but misses that are asked for together cost little more than one.
#pragma once

#include <cstddef>

namespace fairlead {

constexpr std::size_t kCacheLine = 64;

// Begins to load the lines of the `bytes` from `address` on. Nothing need be there: it may be null, or less may follow.
inline void prefetch(const void* address, std::size_t bytes = 1) {
  if (address == nullptr) return;
  const char* const first = static_cast<const char*>(address);
  for (std::size_t offset = 0; offset < bytes; offset += kCacheLine) __builtin_prefetch(first + offset);
}

}  // namespace fairlead
