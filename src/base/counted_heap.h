// Memory from the heap of which each thread keeps count: for what clients and servers make it keep.
#pragma once

#include <cstddef>
#include <string>

namespace fairlead {

// What a thread has got here it gives back here.
class CountedHeap {
 public:
  static void* allocate(std::size_t size) {
    void* const block = ::operator new(size);
    in_use_ += size;
    return block;
  }
  // `size` is what was asked for.
  static void release(void* block, std::size_t size) noexcept {
    in_use_ -= size;
    ::operator delete(block);
  }
  // Of this thread, in bytes.
  static std::size_t in_use() { return in_use_; }

 private:
  static inline thread_local std::size_t in_use_ = 0;
};

// As std::allocator.
template <typename T>
struct CountedAllocator {
  using value_type = T;

  CountedAllocator() = default;
  template <typename Other>
  CountedAllocator(const CountedAllocator<Other>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(CountedHeap::allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept { CountedHeap::release(block, count * sizeof(T)); }

  friend bool operator==(const CountedAllocator&, const CountedAllocator&) { return true; }
};

using CountedString = std::basic_string<char, std::char_traits<char>, CountedAllocator<char>>;

}  // namespace fairlead
