// Which servers of a pool may have room for one more request, so that it is found at once, however many are full.
//
// A bit for each server, and one for each word of bits that is not all zero. A bit that is set may be stale: whoever
// finds the server full clears it. One that is clear is true, or about to be set by who gave back the room: so to look
// in vain and then wait in line misses nothing.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace fairlead::pool {

// Shared by all workers and generations of a pool; atomics only, but for slots. Any thread.
class RoomMap {
 public:
  static constexpr std::uint32_t kWordBits = 64;
  static constexpr std::uint32_t kChunkBits = kWordBits * kWordBits;

  // A server's place, with its bit set, until it is given back. Takes a lock: when servers come and go.
  std::uint32_t add_slot();
  void remove_slot(std::uint32_t slot);

  void set(std::uint32_t slot);
  void clear(std::uint32_t slot);

  // The words of 64 x 64 slots. `summary` has a bit for each word that is not zero.
  struct alignas(64) Chunk {
    std::atomic<std::uint64_t> summary{0};
    std::array<std::atomic<std::uint64_t>, kWordBits> words{};
  };
  // Of slots that were given out.
  const Chunk& chunk(std::uint32_t index) const {
    const std::uint32_t block = block_of(index);
    return blocks_[block].load(std::memory_order_acquire)[index - first_of(block)];
  }

 private:
  // Each block has as many chunks as all before it, and one more, so that a map grows without moving.
  static constexpr std::size_t kBlocks = 16;
  static std::uint32_t block_of(std::uint32_t chunk) {
    return static_cast<std::uint32_t>(std::bit_width(chunk + 1)) - 1;
  }
  static std::uint32_t first_of(std::uint32_t block) { return (1U << block) - 1; }
  Chunk& chunk_of(std::uint32_t slot) { return const_cast<Chunk&>(chunk(slot / kChunkBits)); }

  std::array<std::atomic<Chunk*>, kBlocks> blocks_{};
  std::mutex mutex_;
  std::array<std::unique_ptr<Chunk[]>, kBlocks> owned_;
  std::vector<std::uint32_t> free_slots_;
  std::uint32_t next_slot_ = 0;
};

}  // namespace fairlead::pool
