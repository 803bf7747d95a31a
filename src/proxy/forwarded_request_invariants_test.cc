// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "proxy/forwarded_request_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::proxy {
namespace {

TEST(ForwardedRequestInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("forwarded_request", 40, invariants::check_forwarded_request), 15U);
}

}  // namespace
}  // namespace fairlead::proxy
