#include "runtime/chunk_source.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fairlead::runtime {
namespace {

constexpr std::size_t kPerRegion = ChunkSource::kRegion / ChunkSource::kChunk;

std::uintptr_t address(const void* byte) { return reinterpret_cast<std::uintptr_t>(byte); }

std::vector<std::byte*> take(ChunkSource& source, std::size_t count) {
  std::vector<std::byte*> chunks(count);
  for (std::byte*& chunk : chunks) {
    chunk = source.take();
    std::memset(chunk, 7, ChunkSource::kChunk);
  }
  return chunks;
}

bool is_mapped(const std::byte* chunk) {
  unsigned char page = 0;
  return ::mincore(const_cast<std::byte*>(chunk), 1, &page) == 0;
}

// What the kernel was told of the memory there (proc(5), `VmFlags`): `hg` where a huge page is welcome, `nh` where not.
std::string advice_for(const std::byte* chunk) {
  std::ifstream maps("/proc/self/smaps");
  bool is_here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      is_here = begin <= address(chunk) && address(chunk) < end;
    if (!is_here || !line.starts_with("VmFlags:")) continue;
    std::istringstream flags(line);
    for (std::string flag; flags >> flag;)
      if (flag == "hg" || flag == "nh") return flag;
  }
  return "";
}

TEST(ChunkSource, chunks_are_aligned_and_do_not_overlap) {
  ChunkSource source;
  std::vector<std::byte*> chunks = take(source, 2 * kPerRegion + 1);
  std::ranges::sort(chunks);
  for (std::size_t index = 0; index < chunks.size(); ++index) {
    EXPECT_EQ(address(chunks[index]) % ChunkSource::kChunk, 0U);
    EXPECT_EQ(ChunkSource::chunk_of(chunks[index] + ChunkSource::kChunk - 1), chunks[index]);
    if (index > 0) EXPECT_GE(chunks[index] - chunks[index - 1], std::ptrdiff_t{ChunkSource::kChunk});
  }
}

TEST(ChunkSource, what_was_given_back_has_left_memory_and_is_given_out_first) {
  ChunkSource source;
  const std::vector<std::byte*> chunks = take(source, kPerRegion + 3);
  source.give_back(chunks[5]);
  source.give_back(chunks[kPerRegion + 1]);
  EXPECT_EQ(std::to_integer<int>(chunks[4][0]), 7);
  EXPECT_EQ(std::to_integer<int>(chunks[5][0]), 0);  // the kernel's, not ours
  EXPECT_EQ(source.take(), chunks[5]);
  EXPECT_EQ(source.take(), chunks[kPerRegion + 1]);
}

TEST(ChunkSource, a_region_of_which_nothing_is_in_use_is_gone) {
  ChunkSource source;
  const std::vector<std::byte*> chunks = take(source, 2 * kPerRegion);
  for (std::size_t index = 0; index < kPerRegion; ++index) source.give_back(chunks[index]);
  EXPECT_FALSE(is_mapped(chunks[0]));
  EXPECT_TRUE(is_mapped(chunks[kPerRegion]));
  EXPECT_EQ(std::to_integer<int>(chunks[kPerRegion][0]), 7);
}

TEST(ChunkSource, takes_along_what_is_still_out) {
  std::vector<std::byte*> chunks;
  {
    ChunkSource source;
    chunks = take(source, kPerRegion + 1);
  }
  EXPECT_FALSE(is_mapped(chunks.front()));
  EXPECT_FALSE(is_mapped(chunks.back()));
}

TEST(ChunkSource, most_of_a_region_in_use_makes_a_huge_page_welcome) {
  ChunkSource source;
  std::vector<std::byte*> chunks = take(source, kPerRegion * 3 / 4 - 1);
  if (advice_for(chunks.front()).empty()) GTEST_SKIP() << "a kernel without huge pages";
  EXPECT_EQ(advice_for(chunks.front()), "nh");
  chunks.push_back(source.take());
  EXPECT_EQ(advice_for(chunks.front()), "hg");
  source.give_back(chunks[9]);
  EXPECT_EQ(advice_for(chunks.front()), "nh");
  for (int index = 0; index < 8; ++index) chunks.push_back(source.take());
  EXPECT_EQ(advice_for(chunks.front()), "hg");
}

}  // namespace
}  // namespace fairlead::runtime
