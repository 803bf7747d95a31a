// Replays the fuzzer's corpus, with every input also spoilt in small ways from a seed.
#include "http/codec/http1_invariants_test.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/random.h"

namespace fairlead::http {
namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(FAIRLEAD_SOURCE_DIR "/tests/fuzz/corpus/http1")) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string spoil(std::string input, Random& random) {
  constexpr std::string_view kTroublesome("\r\n\t :,;#?*0\0\x7f\x80", 14);
  if (input.empty()) return input;
  const std::size_t at = random.below(input.size());
  const char byte = kTroublesome[random.below(kTroublesome.size())];
  switch (random.below(4)) {
    case 0:
      input[at] = byte;
      break;
    case 1:
      input.insert(at, 1, byte);
      break;
    case 2:
      input.erase(at, 1 + random.below(4));
      break;
    default:
      input.insert(at, input.substr(random.below(input.size()), random.below(40)));
  }
  return input;
}

TEST(Http1Invariants, hold_for_the_whole_corpus) {
  const std::vector<std::string> inputs = corpus();
  ASSERT_GT(inputs.size(), 50U);
  for (const std::string& input : inputs) invariants::check_http1(input);
}

TEST(Http1Invariants, hold_for_spoilt_inputs) {
  Random random(1);
  for (const std::string& input : corpus()) {
    std::string spoilt = input;
    for (int round = 0; round < 8; ++round) {
      spoilt = spoil(round % 4 == 0 ? input : spoilt, random);
      invariants::check_http1(spoilt);
    }
  }
}

}  // namespace
}  // namespace fairlead::http
