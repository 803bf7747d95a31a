#include "pool/key_moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>

namespace fairlead::pool {
namespace {

// Keys that are looked up in both maps: the share is right within about 0.2 %.
constexpr std::uint64_t kKeys = 1 << 16;
// Multiples of it are even over 64 bits (Knuth, "The Art of Computer Programming", 6.4).
constexpr std::uint64_t kGoldenRatio = 0x9E37'79B9'7F4A'7C15;

// The weights of the primaries that have one, by name.
std::map<std::string_view, double> weights_of(const Pool& pool) {
  std::map<std::string_view, double> weights;
  for (const Member& member : pool.members())
    if (!member.backup && member.server->weight() > 0) weights[member.server->name()] = member.server->weight();
  return weights;
}

double sum_of(const std::map<std::string_view, double>& weights) {
  double sum = 0;
  for (const auto& [name, weight] : weights) sum += weight;
  return sum;
}

std::string change_words(const KeyMoves& moves) {
  const auto verb = [](std::size_t count, std::string_view word) {
    return fmt::format("{}{}", word, count == 1 ? "s" : "");
  };
  std::string words;
  if (moves.left > 0) words = fmt::format("{} of {} servers {}", moves.left, moves.servers, verb(moves.left, "leave"));
  if (moves.joined > 0 && words.empty())
    return fmt::format("{} {} {}", moves.joined, moves.joined == 1 ? "server" : "servers", verb(moves.joined, "join"));
  if (moves.joined > 0) words += fmt::format(", {} {}", moves.joined, verb(moves.joined, "join"));
  return words.empty() ? "its servers or how it hashes change" : words;
}

}  // namespace

std::optional<KeyMoves> key_moves(const Pool& before, const Pool& after) {
  if (!before.hashing() || !after.hashing()) return std::nullopt;
  const KeyMap* old_map = before.key_map(false);
  const KeyMap* new_map = after.key_map(false);
  const auto old_weights = weights_of(before);
  const auto new_weights = weights_of(after);
  if (old_map == nullptr || new_map == nullptr) return std::nullopt;
  if (old_weights == new_weights && before.hashing()->table == after.hashing()->table) return std::nullopt;

  KeyMoves moves{.servers = old_weights.size()};
  for (const auto& [name, weight] : old_weights) {
    const auto still = new_weights.find(name);
    if (still == new_weights.end()) ++moves.left;
    const double share = still == new_weights.end() ? 0 : still->second / sum_of(new_weights);
    moves.needed += std::max(weight / sum_of(old_weights) - share, 0.0);
  }
  moves.joined = new_weights.size() - (old_weights.size() - moves.left);

  std::uint64_t moved = 0;
  for (std::uint64_t key = 0; key < kKeys; ++key) {
    const std::uint64_t hash = key * kGoldenRatio;
    const Server& old_server = *before.members()[old_map->at(hash)].server;
    const Server& new_server = *after.members()[new_map->at(hash)].server;
    moved += old_server.name() == new_server.name() ? 0 : 1;
  }
  moves.moved = static_cast<double>(moved) / kKeys;
  return moves;
}

std::vector<std::string> key_move_words(std::span<const std::shared_ptr<const Pool>> before,
                                        std::span<const std::shared_ptr<const Pool>> after) {
  std::vector<std::string> words;
  for (const auto& pool : after) {
    const auto old = std::ranges::find(before, pool->name(), [](const auto& other) { return other->name(); });
    if (old == before.end()) continue;
    if (pool->hashing() && (*old)->hashing() && pool->hashing()->key != (*old)->hashing()->key) {
      words.push_back(
          fmt::format("pool {}: it hashes another key; every client may go to another server", pool->name()));
    } else if (const auto moves = key_moves(**old, *pool)) {
      words.push_back(fmt::format("pool {}: {}; {:.1f} % of keys move ({:.1f} % must)", pool->name(),
                                  change_words(*moves), 100 * moves->moved, 100 * moves->needed));
    }
  }
  return words;
}

}  // namespace fairlead::pool
