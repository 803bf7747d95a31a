// Hashes of bytes and of numbers, the same on every machine and in every version. Not for secrets, and no defence
// against somebody who chooses what is hashed.
#pragma once

#include <cstdint>
#include <string_view>

namespace fairlead {

// Spreads a number, or a number and another, over 64 bits. Source: the finalizer of splitmix64 (Steele, Lea and Flood,
// "Fast splittable pseudorandom number generators", 2014).
constexpr std::uint64_t mix(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}
constexpr std::uint64_t mix(std::uint64_t number, std::uint64_t other) { return mix(number ^ mix(other)); }

// Eight bytes a step, as little-endian numbers; even over 64 bits.
constexpr std::uint64_t hash_bytes(std::string_view bytes) {
  std::uint64_t hash = bytes.size();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, sizeof(std::uint64_t));
    bytes.remove_prefix(piece.size());
    std::uint64_t number = 0;
    for (std::size_t index = 0; index < piece.size(); ++index)
      number |= std::uint64_t{static_cast<unsigned char>(piece[index])} << (8 * index);
    hash = mix(hash ^ number);
  }
  return mix(hash);
}

}  // namespace fairlead
