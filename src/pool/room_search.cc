#include "pool/room_search.h"

#include <algorithm>
#include <bit>

namespace fairlead::pool {
namespace {

constexpr std::uint32_t kWordBits = RoomMap::kWordBits;

// Calls `visit` with each bit that is set, from `start` on and around, until it returns true.
template <typename Visit>
bool any_bit(std::uint64_t bits, std::uint32_t start, const Visit& visit) {
  for (std::uint64_t left = std::rotr(bits, static_cast<int>(start)); left != 0; left &= left - 1)
    if (visit((static_cast<std::uint32_t>(std::countr_zero(left)) + start) % kWordBits)) return true;
  return false;
}

}  // namespace

void RoomSearch::add(Server& server) {
  const std::uint32_t slot = server.room_slot();
  const std::size_t index = slot / RoomMap::kChunkBits;
  if (chunks_.size() <= index) chunks_.resize(index + 1);
  slots_ = std::max(slots_, std::uint64_t{slot} + 1);
  Chunk& chunk = chunks_[index];
  const std::uint32_t within = slot % RoomMap::kChunkBits;
  if (chunk.servers.size() <= within) chunk.servers.resize(within + 1);
  chunk.servers[within] = &server;
  chunk.words[within / kWordBits] |= std::uint64_t{1} << (within % kWordBits);
  chunk.summary |= std::uint64_t{1} << (within / kWordBits);
}

std::optional<Permit> RoomSearch::take(const RoomMap& map, std::uint64_t start, const TriedServers& tried) const {
  if (slots_ == 0) return std::nullopt;
  const auto first = static_cast<std::uint32_t>(start % slots_);
  const std::uint32_t first_bit = first % kWordBits;
  const std::uint32_t first_word = first / kWordBits % kWordBits;
  const std::uint32_t first_chunk = first / RoomMap::kChunkBits;
  std::optional<Permit> permit;
  for (std::size_t step = 0; step < chunks_.size() && !permit; ++step) {
    const std::size_t index = (first_chunk + step) % chunks_.size();
    const Chunk& chunk = chunks_[index];
    if (chunk.summary == 0) continue;
    const RoomMap::Chunk& room = map.chunk(static_cast<std::uint32_t>(index));
    any_bit(room.summary.load(std::memory_order_seq_cst) & chunk.summary, first_word, [&](std::uint32_t word) {
      const std::uint64_t bits = room.words[word].load(std::memory_order_seq_cst) & chunk.words[word];
      return any_bit(bits, first_bit, [&](std::uint32_t bit) {
        Server& server = *chunk.servers[word * kWordBits + bit];
        if (tried.contains(server)) return false;
        permit = Permit::try_take(server);
        if (!permit) server.note_full();
        return permit.has_value();
      });
    });
  }
  return permit;
}

}  // namespace fairlead::pool
