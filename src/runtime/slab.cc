#include "runtime/slab.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include "base/counted_heap.h"
#include "base/prefetch.h"
#include "runtime/chunk_source.h"

namespace fairlead::runtime {

namespace {

constexpr std::size_t kClasses = Slab::kLargest / Slab::kGranule + 1;
constexpr std::size_t kLargestBytes = 1024;

std::size_t class_of(std::size_t size) { return (size + Slab::kGranule - 1) / Slab::kGranule; }

struct FreeBlock {
  FreeBlock* next;
};

// The chunks of one size of block.
class Chunks {
 public:
  // A block that was in no use before; makes a chunk where `needs_chunk`.
  void* cut(std::size_t size, ChunkSource& source) {
    if (needs_chunk(size)) {
      chunks_.push_back(source.take());
      next_ = chunks_.back();
      end_ = next_ + ChunkSource::kChunk;
    }
    return std::exchange(next_, next_ + size);
  }
  bool needs_chunk(std::size_t size) const { return static_cast<std::size_t>(end_ - next_) < size; }

  // What is gone.
  struct Trimmed {
    std::size_t chunks = 0;
    std::size_t blocks = 0;
  };
  // Gives back the chunks whose blocks are all in the list that begins with `head`, and takes them out of it.
  Trimmed trim(FreeBlock*& head, std::size_t size, ChunkSource& source) {
    if (head == nullptr) return {};
    std::ranges::sort(chunks_);
    std::vector<std::size_t> free_blocks(chunks_.size());
    for (const FreeBlock* block = head; block != nullptr; block = block->next) ++free_blocks[index_of(block)];
    std::vector<bool> is_free(chunks_.size());
    Trimmed gone;
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      is_free[index] = free_blocks[index] == blocks_in(chunks_[index], size);
      if (!is_free[index]) continue;
      ++gone.chunks;
      gone.blocks += free_blocks[index];
    }
    if (gone.chunks == 0) return {};
    for (FreeBlock** link = &head; *link != nullptr;) {
      if (is_free[index_of(*link)])
        *link = (*link)->next;
      else
        link = &(*link)->next;
    }
    drop(is_free, source);
    return gone;
  }

 private:
  std::size_t index_of(const void* block) const {
    const auto found = std::ranges::lower_bound(chunks_, ChunkSource::chunk_of(block));
    return static_cast<std::size_t>(found - chunks_.begin());
  }
  bool is_being_cut(const std::byte* chunk) const { return chunk + ChunkSource::kChunk == end_; }
  // Those that were cut.
  std::size_t blocks_in(const std::byte* chunk, std::size_t size) const {
    return (is_being_cut(chunk) ? static_cast<std::size_t>(next_ - chunk) : ChunkSource::kChunk) / size;
  }
  void drop(const std::vector<bool>& is_free, ChunkSource& source) {
    std::size_t kept = 0;
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      if (!is_free[index]) {
        chunks_[kept++] = chunks_[index];
        continue;
      }
      if (is_being_cut(chunks_[index])) next_ = end_ = nullptr;
      source.give_back(chunks_[index]);
    }
    chunks_.resize(kept);
  }

  std::vector<std::byte*> chunks_;
  std::byte* next_ = nullptr;  // what is left of the chunk that is being cut
  std::byte* end_ = nullptr;
};

// The lists of one thread. Thread-local because a coroutine frame is allocated where no context can be passed.
struct FreeLists {
  std::array<FreeBlock*, kClasses> heads{};
  std::size_t in_use = 0;
  std::size_t cut = 0;       // blocks in use and free ones
  std::size_t released = 0;  // since the last trim
  std::size_t held = 0;
  ChunkSource source;
  std::array<Chunks, kClasses> chunks;
};

thread_local FreeLists free_lists;

}  // namespace

void* Slab::allocate(std::size_t size) {
  if (!kIsHeap && size <= kLargest) {
    FreeLists& lists = free_lists;
    const std::size_t index = class_of(size);
    const std::size_t block_size = index * kGranule;
    lists.in_use += block_size;
    FreeBlock*& head = lists.heads[index];
    if (head != nullptr) {
      FreeBlock* block = head;
      head = block->next;
      prefetch(head);  // For whoever allocates next.
      return block;
    }
    lists.cut += block_size;
    if (lists.chunks[index].needs_chunk(block_size)) lists.held += ChunkSource::kChunk;
    return lists.chunks[index].cut(block_size, lists.source);
  }
  return CountedHeap::allocate(size);
}

void Slab::release(void* block, std::size_t size) noexcept {
  if (!kIsHeap && size <= kLargest) {
    FreeLists& lists = free_lists;
    const std::size_t index = class_of(size);
    lists.in_use -= index * kGranule;
    lists.released += index * kGranule;
    FreeBlock*& head = lists.heads[index];
    head = ::new (block) FreeBlock{head};
    return;
  }
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

bool Slab::is_worth_trimming() {
  const FreeLists& lists = free_lists;
  return lists.released >= std::max((lists.cut - lists.in_use) / 4, lists.held / 64);
}

void Slab::trim() {
  FreeLists& lists = free_lists;
  lists.released = 0;
  for (std::size_t index = 1; index < kClasses; ++index) {
    const std::size_t size = index * kGranule;
    const auto [chunks, blocks] = lists.chunks[index].trim(lists.heads[index], size, lists.source);
    lists.held -= chunks * ChunkSource::kChunk;
    lists.cut -= blocks * size;
  }
  lists.source.release();
}

}  // namespace fairlead::runtime
