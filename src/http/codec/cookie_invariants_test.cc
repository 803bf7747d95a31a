// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "http/codec/cookie_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::http {
namespace {

TEST(CookieInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("cookie", 40, invariants::check_cookies), 8U);
}

}  // namespace
}  // namespace fairlead::http
