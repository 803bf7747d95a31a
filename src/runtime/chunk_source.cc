#include "runtime/chunk_source.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/assert.h"

namespace fairlead::runtime {

namespace {

// Where the piece of `size` bytes (a power of two) begins that `byte` lies in.
const std::byte* begin_of_piece(const void* byte, std::size_t size) {
  return static_cast<const std::byte*>(byte) - reinterpret_cast<std::uintptr_t>(byte) % size;
}

}  // namespace

ChunkSource::Region::Region() {
  // Of twice the size, one lies at a multiple of it; what lies around that goes back.
  void* const mapped = ::mmap(nullptr, 2 * kRegion, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    static_cast<void>(std::fputs("fairlead: the system has no memory left\n", stderr));
    std::abort();
  }
  auto* const first = static_cast<std::byte*>(mapped);
  const std::size_t before = (kRegion - reinterpret_cast<std::uintptr_t>(first) % kRegion) % kRegion;
  begin_ = first + before;
  if (before > 0) ::munmap(first, before);
  ::munmap(begin_ + kRegion, kRegion - before);
  // One page that is used must not bring in all the others.
  ::madvise(begin_, kRegion, MADV_NOHUGEPAGE);
}

ChunkSource::Region::Region(Region&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), taken_(other.taken_), given_back_(other.given_back_) {}

ChunkSource::Region& ChunkSource::Region::operator=(Region&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(taken_, other.taken_);
  std::swap(given_back_, other.given_back_);
  return *this;
}

ChunkSource::Region::~Region() {
  if (begin_ != nullptr) ::munmap(begin_, kRegion);
}

std::byte* ChunkSource::Region::take() {
  const int index = std::countr_one(taken_);
  const std::uint64_t bit = std::uint64_t{1} << index;
  taken_ |= bit;
  given_back_ &= ~bit;
  // Advice only: a kernel without huge pages refuses it, and all works as before.
  if (is_full()) ::madvise(begin_, kRegion, MADV_HUGEPAGE);
  return begin_ + static_cast<std::size_t>(index) * kChunk;
}

void ChunkSource::Region::give_back(const std::byte* chunk) {
  // Else the kernel would fill the gap again.
  if (is_full()) ::madvise(begin_, kRegion, MADV_NOHUGEPAGE);
  const std::uint64_t bit = std::uint64_t{1} << (static_cast<std::size_t>(chunk - begin_) / kChunk);
  taken_ &= ~bit;
  given_back_ |= bit;
}

void ChunkSource::Region::release() {
  while (given_back_ != 0) {
    const int first = std::countr_zero(given_back_);
    const int count = std::countr_one(given_back_ >> first);
    ::madvise(begin_ + static_cast<std::size_t>(first) * kChunk, static_cast<std::size_t>(count) * kChunk,
              MADV_DONTNEED);
    given_back_ &= ~(~std::uint64_t{0} >> (static_cast<int>(kChunks) - count) << first);
  }
}

const std::byte* ChunkSource::chunk_of(const void* byte) { return begin_of_piece(byte, kChunk); }

std::byte* ChunkSource::take() {
  // The fullest, so that others become empty.
  const auto fuller = [](const Region& one, const Region& other) {
    return (one.is_full() ? -1 : one.taken()) < (other.is_full() ? -1 : other.taken());
  };
  const auto fullest = std::ranges::max_element(regions_, fuller);
  if (fullest != regions_.end() && !fullest->is_full()) return fullest->take();
  Region region;
  return regions_.insert(std::ranges::lower_bound(regions_, region.begin(), {}, &Region::begin), std::move(region))
      ->take();
}

void ChunkSource::give_back(std::byte* chunk) {
  const std::byte* const begin = begin_of_piece(chunk, kRegion);
  const auto region = std::ranges::lower_bound(regions_, begin, {}, &Region::begin);
  FAIRLEAD_ASSERT(region != regions_.end() && region->begin() == begin);
  region->give_back(chunk);
}

void ChunkSource::release() {
  std::erase_if(regions_, [](const Region& region) { return region.is_empty(); });
  for (Region& region : regions_) region.release();
}

}  // namespace fairlead::runtime
