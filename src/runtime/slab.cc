#include "runtime/slab.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "base/counted_heap.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FAIRLEAD_SLAB_IS_HEAP 1
#endif
#endif

namespace fairlead::runtime {

namespace {

constexpr std::size_t kClasses = Slab::kLargest / Slab::kGranule + 1;
constexpr std::size_t kLargestBytes = 1024;

[[maybe_unused]] std::size_t class_of(std::size_t size) { return (size + Slab::kGranule - 1) / Slab::kGranule; }

struct FreeBlock {
  FreeBlock* next;
};

// Blocks of one size. Aligned to its own size, so that each of them leads to it.
struct alignas(16) Chunk {
  static constexpr std::size_t kSize = std::size_t{32} * 1024;
  // The heap keeps 16 bytes before each: with them it is as large as its alignment, and the next one fits behind it.
  static constexpr std::size_t kUsable = kSize - 16;

  std::size_t free_blocks = 0;  // counted while trimming

  static Chunk* make() { return ::new (::operator new(kUsable, std::align_val_t{kSize})) Chunk; }
  static void destroy(Chunk* chunk) { ::operator delete(chunk, std::align_val_t{kSize}); }
  static Chunk* of(void* block) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the address itself says where the chunk begins
    return reinterpret_cast<Chunk*>(reinterpret_cast<std::uintptr_t>(block) & ~(kSize - 1));
  }
  std::byte* begin() { return reinterpret_cast<std::byte*>(this + 1); }
  std::byte* end() { return reinterpret_cast<std::byte*>(this) + kUsable; }
};

// The chunks of one size of block.
class Chunks {
 public:
  Chunks() = default;
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;
  ~Chunks() { std::ranges::for_each(chunks_, Chunk::destroy); }

  // A block that was in no use before; makes a chunk where `needs_chunk`.
  void* cut(std::size_t size) {
    if (needs_chunk(size)) {
      chunks_.push_back(Chunk::make());
      next_ = chunks_.back()->begin();
    }
    return std::exchange(next_, next_ + size);
  }
  bool needs_chunk(std::size_t size) const {
    return next_ == nullptr || static_cast<std::size_t>(chunks_.back()->end() - next_) < size;
  }

  // What is gone.
  struct Trimmed {
    std::size_t chunks = 0;
    std::size_t blocks = 0;
  };
  // Frees the chunks whose blocks are all in the list that begins with `head`, and takes them out of it.
  Trimmed trim(FreeBlock*& head, std::size_t size) {
    if (head == nullptr) return {};
    for (Chunk* chunk : chunks_) chunk->free_blocks = 0;
    for (FreeBlock* block = head; block != nullptr; block = block->next) ++Chunk::of(block)->free_blocks;
    const auto is_free = [&](Chunk* chunk) { return chunk->free_blocks == blocks_in(chunk, size); };
    if (std::ranges::none_of(chunks_, is_free)) return {};
    Trimmed gone;
    for (FreeBlock** link = &head; *link != nullptr;) {
      if (is_free(Chunk::of(*link))) {
        *link = (*link)->next;
        ++gone.blocks;
      } else {
        link = &(*link)->next;
      }
    }
    const bool is_last_free = is_free(chunks_.back());
    gone.chunks = std::erase_if(chunks_, [&](Chunk* chunk) {
      const bool is_gone = is_free(chunk);
      if (is_gone) Chunk::destroy(chunk);
      return is_gone;
    });
    if (is_last_free) next_ = nullptr;
    return gone;
  }

 private:
  // Those that were cut. The last chunk is the one that is being cut.
  std::size_t blocks_in(Chunk* chunk, std::size_t size) const {
    std::byte* const end = chunk == chunks_.back() && next_ != nullptr ? next_ : chunk->end();
    return static_cast<std::size_t>(end - chunk->begin()) / size;
  }

  std::vector<Chunk*> chunks_;
  std::byte* next_ = nullptr;  // what is left of the last chunk; null: nothing
};

// The lists of one thread. Thread-local because a coroutine frame is allocated where no context can be passed.
struct FreeLists {
  std::array<FreeBlock*, kClasses> heads{};
  std::size_t in_use = 0;
  std::size_t cut = 0;       // blocks in use and free ones
  std::size_t released = 0;  // since the last trim
  std::size_t held = 0;
  std::array<Chunks, kClasses> chunks;
};

thread_local FreeLists free_lists;

}  // namespace

void* Slab::allocate(std::size_t size) {
#ifndef FAIRLEAD_SLAB_IS_HEAP
  if (size <= kLargest) {
    FreeLists& lists = free_lists;
    const std::size_t index = class_of(size);
    const std::size_t block_size = index * kGranule;
    lists.in_use += block_size;
    FreeBlock*& head = lists.heads[index];
    if (head != nullptr) {
      FreeBlock* block = head;
      head = block->next;
      return block;
    }
    lists.cut += block_size;
    if (lists.chunks[index].needs_chunk(block_size)) lists.held += Chunk::kSize;
    return lists.chunks[index].cut(block_size);
  }
#endif
  return CountedHeap::allocate(size);
}

void Slab::release(void* block, std::size_t size) noexcept {
#ifndef FAIRLEAD_SLAB_IS_HEAP
  if (size <= kLargest) {
    FreeLists& lists = free_lists;
    const std::size_t index = class_of(size);
    lists.in_use -= index * kGranule;
    lists.released += index * kGranule;
    FreeBlock*& head = lists.heads[index];
    head = ::new (block) FreeBlock{head};
    return;
  }
#endif
  CountedHeap::release(block, size);
}

void* Slab::allocate_bytes(std::size_t size) {
  return size <= kLargestBytes ? allocate(size) : CountedHeap::allocate(size);
}

void Slab::release_bytes(void* block, std::size_t size) noexcept {
  if (size <= kLargestBytes)
    release(block, size);
  else
    CountedHeap::release(block, size);
}

Slab::Usage Slab::usage() { return {.in_use = free_lists.in_use, .free = free_lists.held - free_lists.in_use}; }

void Slab::trim() {
  FreeLists& lists = free_lists;
  if (lists.released < std::max((lists.cut - lists.in_use) / 4, lists.held / 64)) return;
  lists.released = 0;
  for (std::size_t index = 1; index < kClasses; ++index) {
    const std::size_t size = index * kGranule;
    const auto [chunks, blocks] = lists.chunks[index].trim(lists.heads[index], size);
    lists.held -= chunks * Chunk::kSize;
    lists.cut -= blocks * size;
  }
}

}  // namespace fairlead::runtime
