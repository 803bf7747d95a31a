#include "runtime/slab.h"

#include <array>
#include <new>

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
  std::array<FreeBlock*, Slab::kLargest / Slab::kGranule + 1> heads{};
  ~FreeLists() {
    for (FreeBlock* head : heads) {
      while (head != nullptr) {
        FreeBlock* next = head->next;
        ::operator delete(head);
        head = next;
      }
    }
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
    return ::operator new(class_of(size) * kGranule);
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
