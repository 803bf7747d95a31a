// Replays the fuzzer's corpus, each input also with every one of its bytes changed.
#include "net/proxy_protocol_invariants_test.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fuzz/corpus.h"

namespace fairlead::net {
namespace {

TEST(ProxyProtocolInvariants, hold_for_the_whole_corpus) {
  const std::vector<std::string> inputs = fuzz::corpus("proxy_protocol");
  ASSERT_GT(inputs.size(), 15U);
  for (const std::string& input : inputs) invariants::check_proxy_protocol(input);
}

TEST(ProxyProtocolInvariants, hold_for_inputs_with_a_byte_changed) {
  for (const std::string& input : fuzz::corpus("proxy_protocol")) {
    for (std::size_t at = 0; at < std::min<std::size_t>(input.size(), 64); ++at) {
      for (const char byte : std::string_view("\r\n \0:.0\xff", 8)) {
        std::string spoilt = input;
        spoilt[at] = byte;
        invariants::check_proxy_protocol(spoilt);
      }
    }
  }
}

}  // namespace
}  // namespace fairlead::net
