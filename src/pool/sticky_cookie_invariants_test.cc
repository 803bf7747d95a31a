// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "pool/sticky_cookie_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::pool {
namespace {

TEST(StickyCookieInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("sticky_cookie", 40, invariants::check_sticky_cookie), 5U);
}

}  // namespace
}  // namespace fairlead::pool
