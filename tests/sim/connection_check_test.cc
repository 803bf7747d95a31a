#include "sim/connection_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace fairlead::sim {
namespace {

TEST(ConnectionCheck, holds_for_the_corpus_of_the_fuzzer) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FAIRLEAD_SOURCE_DIR "/tests/fuzz/corpus/connection")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(file), {});
    EXPECT_THAT(check_connection(input), testing::IsEmpty()) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 10);
}

}  // namespace
}  // namespace fairlead::sim
