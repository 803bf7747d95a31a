#include "pool/room_map.h"

#include "base/assert.h"

namespace fairlead::pool {
namespace {

std::uint64_t bit_of(std::uint32_t index) { return std::uint64_t{1} << (index % RoomMap::kWordBits); }
std::uint32_t word_of(std::uint32_t slot) { return slot % RoomMap::kChunkBits / RoomMap::kWordBits; }

}  // namespace

std::uint32_t RoomMap::add_slot() {
  const std::scoped_lock lock(mutex_);
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = next_slot_++;
    const std::uint32_t block = block_of(slot / kChunkBits);
    FAIRLEAD_ASSERT(block < kBlocks);  // a quarter of a billion servers
    if (owned_[block] == nullptr) {
      owned_[block] = std::make_unique<Chunk[]>(std::size_t{1} << block);
      blocks_[block].store(owned_[block].get(), std::memory_order_release);
    }
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  set(slot);
  return slot;
}

void RoomMap::remove_slot(std::uint32_t slot) {
  clear(slot);
  const std::scoped_lock lock(mutex_);
  free_slots_.push_back(slot);
}

// Sequentially consistent, as counts of requests in flight are: of one who sets and one who clears and then looks again
// at what the bit stands for, the latter sees what the former did before.
void RoomMap::set(std::uint32_t slot) {
  Chunk& chunk = chunk_of(slot);
  const std::uint32_t word = word_of(slot);
  if ((chunk.words[word].load(std::memory_order_seq_cst) & bit_of(slot)) == 0)
    chunk.words[word].fetch_or(bit_of(slot), std::memory_order_seq_cst);
  if ((chunk.summary.load(std::memory_order_seq_cst) & bit_of(word)) == 0)
    chunk.summary.fetch_or(bit_of(word), std::memory_order_seq_cst);
}

void RoomMap::clear(std::uint32_t slot) {
  Chunk& chunk = chunk_of(slot);
  const std::uint32_t word = word_of(slot);
  if ((chunk.words[word].fetch_and(~bit_of(slot), std::memory_order_seq_cst) & ~bit_of(slot)) != 0) return;
  chunk.summary.fetch_and(~bit_of(word), std::memory_order_seq_cst);
  // Another server of the word may have got room meanwhile.
  if (chunk.words[word].load(std::memory_order_seq_cst) != 0)
    chunk.summary.fetch_or(bit_of(word), std::memory_order_seq_cst);
}

}  // namespace fairlead::pool
