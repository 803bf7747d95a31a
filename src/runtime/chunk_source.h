// Where a thread's slab gets its memory: chunks of one size, cut from regions as large as a huge page.
//
// A region that is given out whole is offered to the kernel as one huge page. It makes that in the background
// (`khugepaged`), where it may: the frames of thousands of requests then need a few entries of the processor's TLB
// instead of thousands. Any other region stays in small pages, of which only those are in memory that were used.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fairlead::runtime {

// Not thread-safe. Takes along what it has given out when it is destroyed.
class ChunkSource {
 public:
  static constexpr std::size_t kChunk = std::size_t{32} * 1024;
  static constexpr std::size_t kRegion = std::size_t{2} * 1024 * 1024;

  ChunkSource() = default;
  ChunkSource(const ChunkSource&) = delete;
  ChunkSource& operator=(const ChunkSource&) = delete;

  // `kChunk` bytes at a multiple of that. Where the system has no more memory, the process ends.
  std::byte* take();
  // Of this source; nobody uses it any more.
  void give_back(std::byte* chunk);
  // Lets the memory of what was given back go. Some system calls, fewer than chunks.
  void release();

  // The chunk that `byte` of this source lies in.
  static const std::byte* chunk_of(const void* byte);

 private:
  static constexpr std::size_t kChunks = kRegion / kChunk;
  static_assert(kChunks == 64, "a bit for each");

  class Region {
   public:
    // Maps one.
    Region();
    Region(Region&& other) noexcept;
    Region& operator=(Region&& other) noexcept;
    ~Region();

    const std::byte* begin() const { return begin_; }
    int taken() const { return std::popcount(taken_); }
    bool is_full() const { return taken_ == ~std::uint64_t{0}; }
    bool is_empty() const { return taken_ == 0; }
    std::byte* take();
    void give_back(const std::byte* chunk);
    void release();

   private:
    std::byte* begin_;
    // A bit for each chunk.
    std::uint64_t taken_ = 0;
    std::uint64_t given_back_ = 0;  // and still in memory
  };

  std::vector<Region> regions_;  // in the order of their addresses
};

}  // namespace fairlead::runtime
