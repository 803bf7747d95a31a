#include "runtime/slab.h"

#include <algorithm>
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

constexpr std::size_t kChunk = std::size_t{64} * 1024;
constexpr std::size_t kClasses = Slab::kLargest / Slab::kGranule + 1;

[[maybe_unused]] std::size_t class_of(std::size_t size) { return (size + Slab::kGranule - 1) / Slab::kGranule; }

// The chunks of one size of block.
class Chunks {
 public:
  // A block that was in no use before.
  void* cut(std::size_t size) {
    if (static_cast<std::size_t>(end_ - next_) < size) {
      chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunk));
      next_ = chunks_.back().get();
      end_ = next_ + kChunk;
    }
    return std::exchange(next_, next_ + size);
  }

  // Frees the chunks whose blocks are all in the list that begins with `head`, and takes them out of it. The number of
  // blocks that are gone.
  std::size_t trim(FreeBlock*& head, std::size_t size) {
    if (head == nullptr) return 0;
    std::ranges::sort(chunks_);
    std::vector<std::size_t> free_blocks(chunks_.size());
    for (const FreeBlock* block = head; block != nullptr; block = block->next) ++free_blocks[index_of(block)];
    std::vector<bool> is_free(chunks_.size());
    std::size_t gone = 0;
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      is_free[index] = free_blocks[index] == blocks_in(chunks_[index].get(), size);
      if (is_free[index]) gone += free_blocks[index];
    }
    if (gone == 0) return 0;
    for (FreeBlock** link = &head; *link != nullptr;) {
      if (is_free[index_of(*link)])
        *link = (*link)->next;
      else
        link = &(*link)->next;
    }
    drop(is_free);
    return gone;
  }

 private:
  std::size_t index_of(const void* block) const {
    const auto after =
        std::ranges::upper_bound(chunks_, static_cast<const std::byte*>(block), {}, &std::unique_ptr<std::byte[]>::get);
    return static_cast<std::size_t>(after - chunks_.begin()) - 1;
  }
  // Those that were cut.
  std::size_t blocks_in(const std::byte* chunk, std::size_t size) const {
    const bool is_being_cut = chunk + kChunk == end_;
    return (is_being_cut ? static_cast<std::size_t>(next_ - chunk) : kChunk) / size;
  }
  void drop(const std::vector<bool>& is_free) {
    std::size_t kept = 0;
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      if (is_free[index] && chunks_[index].get() + kChunk == end_) next_ = end_ = nullptr;
      if (!is_free[index]) std::swap(chunks_[kept++], chunks_[index]);
    }
    chunks_.resize(kept);
  }

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* next_ = nullptr;  // what is left of the chunk that is being cut
  std::byte* end_ = nullptr;
};

// The lists of one thread. Thread-local because a coroutine frame is allocated where no context can be passed.
struct FreeLists {
  std::array<FreeBlock*, kClasses> heads{};
  std::size_t in_use = 0;
  std::size_t held = 0;
  std::array<Chunks, kClasses> chunks;
};

thread_local FreeLists free_lists;

}  // namespace

void* Slab::allocate(std::size_t size) {
  FreeLists& lists = free_lists;
#ifndef FAIRLEAD_SLAB_IS_HEAP
  if (size <= kLargest) {
    const std::size_t index = class_of(size);
    const std::size_t block_size = index * kGranule;
    lists.in_use += block_size;
    FreeBlock*& head = lists.heads[index];
    if (head != nullptr) {
      FreeBlock* block = head;
      head = block->next;
      return block;
    }
    lists.held += block_size;
    return lists.chunks[index].cut(block_size);
  }
#endif
  lists.in_use += size;
  lists.held += size;
  return ::operator new(size);
}

void Slab::release(void* block, std::size_t size) noexcept {
  FreeLists& lists = free_lists;
#ifndef FAIRLEAD_SLAB_IS_HEAP
  if (size <= kLargest) {
    const std::size_t index = class_of(size);
    lists.in_use -= index * kGranule;
    FreeBlock*& head = lists.heads[index];
    head = ::new (block) FreeBlock{head};
    return;
  }
#endif
  lists.in_use -= size;
  lists.held -= size;
  ::operator delete(block);
}

Slab::Usage Slab::usage() { return {.held = free_lists.held, .free = free_lists.held - free_lists.in_use}; }

void Slab::trim() {
  FreeLists& lists = free_lists;
  for (std::size_t index = 1; index < kClasses; ++index) {
    const std::size_t size = index * kGranule;
    lists.held -= lists.chunks[index].trim(lists.heads[index], size) * size;
  }
}

}  // namespace fairlead::runtime
