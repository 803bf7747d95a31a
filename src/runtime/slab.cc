#include "runtime/slab.h"

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FAIRLEAD_SLAB_IS_HEAP 1
#endif
#endif

namespace fairlead::runtime {

namespace {

struct FreeBlock {
  FreeBlock* next;
};

// The lists of one thread. Thread-local because a coroutine frame is allocated where no context can be passed.
struct FreeLists {
  static constexpr std::size_t kChunk = std::size_t{64} * 1024;

  std::array<FreeBlock*, Slab::kLargest / Slab::kGranule + 1> heads{};
  std::vector<std::unique_ptr<std::byte[]>> chunks;
  std::byte* free_begin = nullptr;  // what is left of the last chunk
  std::byte* free_end = nullptr;

  // What is too small a rest for this block stays unused.
  void* cut(std::size_t size) {
    if (static_cast<std::size_t>(free_end - free_begin) < size) {
      chunks.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunk));
      free_begin = chunks.back().get();
      free_end = free_begin + kChunk;
    }
    return std::exchange(free_begin, free_begin + size);
  }
};

thread_local FreeLists free_lists;

// The heap stands in for the lists where a sanitizer is to see every use.
[[maybe_unused]] std::size_t class_of(std::size_t size) { return (size + Slab::kGranule - 1) / Slab::kGranule; }

}  // namespace

void* Slab::allocate(std::size_t size) {
#ifndef FAIRLEAD_SLAB_IS_HEAP
  if (size <= kLargest) {
    FreeBlock*& head = free_lists.heads[class_of(size)];
    if (head != nullptr) {
      FreeBlock* block = head;
      head = block->next;
      return block;
    }
    return free_lists.cut(class_of(size) * kGranule);
  }
#endif
  return ::operator new(size);
}

void Slab::release(void* block, std::size_t size) noexcept {
#ifndef FAIRLEAD_SLAB_IS_HEAP
  if (size <= kLargest) {
    FreeBlock*& head = free_lists.heads[class_of(size)];
    head = ::new (block) FreeBlock{head};
    return;
  }
#endif
  static_cast<void>(size);
  ::operator delete(block);
}

}  // namespace fairlead::runtime
