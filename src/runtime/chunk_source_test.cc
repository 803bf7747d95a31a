#include "runtime/chunk_source.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
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
// Empty where it does not say.
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
    return "neither";
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

TEST(ChunkSource, what_was_given_back_leaves_memory_and_is_given_out_first) {
  ChunkSource source;
  const std::vector<std::byte*> chunks = take(source, kPerRegion + 3);
  for (const std::size_t index : {5U, 6U, 63U}) source.give_back(chunks[index]);
  EXPECT_EQ(std::to_integer<int>(chunks[5][0]), 7);
  source.release();
  EXPECT_EQ(std::to_integer<int>(chunks[4][0]), 7);
  for (const std::size_t index : {5U, 6U, 63U}) {
    EXPECT_EQ(std::to_integer<int>(chunks[index][0]), 0);  // the kernel's, not ours
    EXPECT_EQ(std::to_integer<int>(chunks[index][ChunkSource::kChunk - 1]), 0);
  }
  EXPECT_EQ(std::to_integer<int>(chunks[7][0]), 7);
  EXPECT_EQ(std::to_integer<int>(chunks[62][ChunkSource::kChunk - 1]), 7);
  for (const std::size_t index : {5U, 6U, 63U}) EXPECT_EQ(source.take(), chunks[index]);
}

TEST(ChunkSource, what_is_given_out_again_before_the_release_keeps_its_memory) {
  ChunkSource source;
  std::vector<std::byte*> chunks = take(source, 3);
  source.give_back(chunks[1]);
  EXPECT_EQ(source.take(), chunks[1]);
  std::memset(chunks[1], 8, ChunkSource::kChunk);
  source.release();
  EXPECT_EQ(std::to_integer<int>(chunks[1][0]), 8);
}

TEST(ChunkSource, the_fullest_region_is_filled_first_and_an_empty_one_is_gone) {
  ChunkSource source;
  const std::vector<std::byte*> chunks = take(source, 3 * kPerRegion);
  for (std::size_t index = 0; index < kPerRegion; ++index) source.give_back(chunks[index]);
  for (const std::size_t index : {1U, 2U, 3U}) source.give_back(chunks[kPerRegion + index]);
  for (const std::size_t index : {8U, 9U}) source.give_back(chunks[2 * kPerRegion + index]);
  source.release();
  EXPECT_FALSE(is_mapped(chunks[0]));
  EXPECT_EQ(std::to_integer<int>(chunks[kPerRegion][0]), 7);
  for (const std::size_t index : {8U, 9U}) EXPECT_EQ(source.take(), chunks[2 * kPerRegion + index]);
  for (const std::size_t index : {1U, 2U, 3U}) EXPECT_EQ(source.take(), chunks[kPerRegion + index]);
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

TEST(ChunkSource, a_region_in_use_as_a_whole_makes_a_huge_page_welcome) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) GTEST_SKIP() << "a kernel without huge pages";
  ChunkSource source;
  std::vector<std::byte*> chunks = take(source, kPerRegion - 1);
  if (advice_for(chunks.front()).empty()) GTEST_SKIP() << "a kernel that does not say what it was told";
  EXPECT_EQ(advice_for(chunks.front()), "nh");
  chunks.push_back(source.take());
  EXPECT_EQ(advice_for(chunks.front()), "hg");
  source.give_back(chunks[9]);
  EXPECT_EQ(advice_for(chunks.front()), "nh");
  EXPECT_EQ(source.take(), chunks[9]);
  EXPECT_EQ(advice_for(chunks.front()), "hg");
}

}  // namespace
}  // namespace fairlead::runtime
