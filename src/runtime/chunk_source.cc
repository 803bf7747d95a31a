#include "runtime/chunk_source.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "base/assert.h"

namespace fairlead::runtime {

namespace {

// What a huge page holds that nobody uses is at most a quarter of it.
constexpr int kWorthOnePage = 48;

// Where the piece of `size` bytes (a power of two) begins that `byte` lies in.
const std::byte* begin_of_piece(const void* byte, std::size_t size) {
  return static_cast<const std::byte*>(byte) - reinterpret_cast<std::uintptr_t>(byte) % size;
}

}  // namespace

ChunkSource::Region::Region() {
  // Of twice the size, one lies at a multiple of it; what lies around that goes back.
  void* const mapped = ::mmap(nullptr, 2 * kRegion, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) std::abort();  // as where the heap has nothing left
  auto* const first = static_cast<std::byte*>(mapped);
  const std::size_t before = (kRegion - reinterpret_cast<std::uintptr_t>(first) % kRegion) % kRegion;
  begin_ = first + before;
  if (before > 0) ::munmap(first, before);
  ::munmap(begin_ + kRegion, kRegion - before);
  // One page that is used must not bring in all the others.
  ::madvise(begin_, kRegion, MADV_NOHUGEPAGE);
}

ChunkSource::Region::Region(Region&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), taken_(other.taken_), is_huge_(other.is_huge_) {}

ChunkSource::Region& ChunkSource::Region::operator=(Region&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(taken_, other.taken_);
  std::swap(is_huge_, other.is_huge_);
  return *this;
}

ChunkSource::Region::~Region() {
  if (begin_ != nullptr) ::munmap(begin_, kRegion);
}

std::byte* ChunkSource::Region::take() {
  const int index = std::countr_one(taken_);
  taken_ |= std::uint64_t{1} << index;
  advise();
  return begin_ + static_cast<std::size_t>(index) * kChunk;
}

void ChunkSource::Region::give_back(std::byte* chunk) {
  taken_ &= ~(std::uint64_t{1} << (static_cast<std::size_t>(chunk - begin_) / kChunk));
  advise();
  ::madvise(chunk, kChunk, MADV_DONTNEED);
}

// Advice only: a kernel without huge pages refuses it, and all works as before.
void ChunkSource::Region::advise() {
  const bool is_huge = std::popcount(taken_) >= kWorthOnePage;
  if (is_huge == std::exchange(is_huge_, is_huge)) return;
  ::madvise(begin_, kRegion, is_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

const std::byte* ChunkSource::chunk_of(const void* byte) { return begin_of_piece(byte, kChunk); }

std::byte* ChunkSource::take() {
  const auto region = std::ranges::find_if_not(regions_, &Region::is_full);
  return region != regions_.end() ? region->take() : regions_.emplace_back().take();
}

void ChunkSource::give_back(std::byte* chunk) {
  const auto region = std::ranges::find(regions_, begin_of_piece(chunk, kRegion), &Region::begin);
  FAIRLEAD_ASSERT(region != regions_.end());
  region->give_back(chunk);
  if (region->is_empty()) regions_.erase(region);
}

}  // namespace fairlead::runtime
