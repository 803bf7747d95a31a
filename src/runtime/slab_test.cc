#include "runtime/slab.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "base/counted_heap.h"
#include "runtime/chunk_source.h"

namespace fairlead::runtime {
namespace {

constexpr bool kIsHeap = Slab::kIsHeap;

// On a thread of its own, whose lists are new.
void on_new_thread(void (*test)()) { std::thread(test).join(); }

std::vector<void*> allocate(std::size_t count, std::size_t size) {
  std::vector<void*> blocks;
  for (std::size_t index = 0; index < count; ++index) {
    blocks.push_back(Slab::allocate(size));
    std::memset(blocks.back(), static_cast<int>(index), size);
  }
  return blocks;
}

void release(const std::vector<void*>& blocks, std::size_t size) {
  for (void* block : blocks) Slab::release(block, size);
}

TEST(Slab, the_block_that_was_freed_last_is_the_next_one) {
  if (kIsHeap) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    const auto blocks = allocate(3, 100);
    release(blocks, 100);
    for (int index = 2; index >= 0; --index) EXPECT_EQ(Slab::allocate(97), blocks[static_cast<std::size_t>(index)]);
    release(blocks, 97);
  });
}

TEST(Slab, blocks_are_aligned_and_do_not_overlap) {
  on_new_thread([] {
    std::vector<std::pair<unsigned char*, std::size_t>> blocks;
    for (std::size_t size = 1; size <= 2 * Slab::kLargest; size += 13) {
      auto* block = static_cast<unsigned char*>(Slab::allocate(size));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % Slab::kGranule, 0U);
      std::memset(block, static_cast<int>(size % 251), size);
      blocks.emplace_back(block, size);
    }
    for (const auto& [block, size] : blocks) {
      for (std::size_t index = 0; index < size; ++index) ASSERT_EQ(block[index], size % 251);
      Slab::release(block, size);
    }
  });
}

std::size_t held() { return Slab::usage().in_use + Slab::usage().free; }

constexpr std::size_t kChunk = ChunkSource::kChunk;

TEST(Slab, tells_what_is_in_use_and_what_is_free) {
  on_new_thread([] {
    EXPECT_EQ(held(), 0U);
    const auto small = allocate(10, 160);
    const auto large = allocate(2, 10'000);
    EXPECT_EQ(Slab::usage().in_use + CountedHeap::in_use(), 21'600U);
    EXPECT_EQ(held(), kIsHeap ? 0 : kChunk);
    release(small, 160);
    release(large, 10'000);
    EXPECT_EQ(Slab::usage().in_use + CountedHeap::in_use(), 0U);
    EXPECT_EQ(Slab::usage().free, kIsHeap ? 0 : kChunk);
  });
}

TEST(Slab, only_short_bytes_stay_in_it) {
  on_new_thread([] {
    for (const std::size_t size : {1024U, 1025U}) {
      void* const block = Slab::allocate_bytes(size);
      EXPECT_EQ(Slab::usage().in_use + CountedHeap::in_use(), size);
      Slab::release_bytes(block, size);
      EXPECT_EQ(Slab::usage().in_use + CountedHeap::in_use(), 0U);
    }
    EXPECT_EQ(held(), kIsHeap ? 0 : kChunk);
  });
}

TEST(Slab, trimming_gives_back_chunks_that_are_free_and_no_others) {
  if (kIsHeap) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    constexpr std::size_t kSize = 1024;
    constexpr std::size_t kPerChunk = 32;
    auto blocks = allocate(10 * kPerChunk + 5, kSize);
    EXPECT_EQ(held(), 11 * kChunk);
    // One block of the fourth chunk stays; the chunk that is being cut is free.
    void* const kept = blocks[3 * kPerChunk + 7];
    std::erase(blocks, kept);
    release(blocks, kSize);
    Slab::trim();
    EXPECT_EQ(held(), kChunk);
    EXPECT_EQ(Slab::usage().in_use, kSize);
    // What is left is used first, and then new chunks.
    const auto again = allocate(2 * kPerChunk, kSize);
    EXPECT_EQ(held(), 3 * kChunk);
    EXPECT_EQ(static_cast<unsigned char*>(kept)[0], (3 * kPerChunk + 7) % 256);
    release(again, kSize);
    Slab::release(kept, kSize);
    Slab::trim();
    EXPECT_EQ(held(), 0U);
    Slab::release(Slab::allocate(kSize), kSize);
  });
}

TEST(Slab, trimming_waits_until_it_is_worth_it) {
  if (kIsHeap) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    const auto pinning = allocate(1000, 512);
    std::vector<void*> released;
    for (std::size_t index = 0; index < pinning.size(); ++index)
      if (index % 60 != 0) released.push_back(pinning[index]);
    release(released, 512);
    Slab::trim();  // finds nothing
    const std::size_t before = held();
    for (std::size_t index = 0; index < pinning.size(); index += 60) Slab::release(pinning[index], 512);
    EXPECT_FALSE(Slab::is_worth_trimming());  // a sixtieth was released
    EXPECT_EQ(held(), before);
    for (int index = 0; index < 300; ++index) Slab::release(Slab::allocate(512), 512);
    EXPECT_TRUE(Slab::is_worth_trimming());
    Slab::trim();
    EXPECT_EQ(held(), 0U);
  });
}

TEST(Slab, a_chunk_that_is_being_cut_stays_while_a_block_of_it_is_in_use) {
  if (kIsHeap) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    void* const first = Slab::allocate(64);
    void* const second = Slab::allocate(64);
    Slab::release(first, 64);
    Slab::trim();
    EXPECT_EQ(held(), kChunk);
    EXPECT_EQ(Slab::allocate(64), first);
    Slab::release(first, 64);
    EXPECT_EQ(Slab::usage().in_use, 64U);
    Slab::release(second, 64);
  });
}

}  // namespace
}  // namespace fairlead::runtime
