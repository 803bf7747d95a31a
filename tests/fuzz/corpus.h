// For tests: the fuzzers' corpora, which unit tests replay, and small changes that often break parsers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace fairlead::fuzz {

// The inputs of `tests/fuzz/corpus/NAME`.
inline std::vector<std::string> corpus(const std::string& name) {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(FAIRLEAD_SOURCE_DIR "/tests/fuzz/corpus/" + name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// Changes one place: a byte that parsers care about, or none, or some of what stands elsewhere.
inline std::string spoil(std::string input, Random& random) {
  constexpr std::string_view kTroublesome("\r\n\t :,;#?*=\"\\%/.0\0\x7f\x80\xff", 21);
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

// Gives `check` each input of a corpus, and `rounds` spoilt forms of it. Returns how many inputs there are.
template <typename Check>
std::size_t replay(const std::string& name, int rounds, Check check) {
  Random random(1);
  const std::vector<std::string> inputs = corpus(name);
  for (const std::string& input : inputs) {
    check(input);
    std::string spoilt = input;
    for (int round = 0; round < rounds; ++round) {
      spoilt = spoil(round % 4 == 0 ? input : spoilt, random);
      check(spoilt);
    }
  }
  return inputs.size();
}

}  // namespace fairlead::fuzz
