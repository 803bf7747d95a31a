// Replays the fuzzer's corpus, with every input also spoilt in small ways from a seed.
#include "http/codec/http1_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::http {
namespace {

TEST(Http1Invariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GT(fuzz::replay("http1", 8, invariants::check_http1), 50U);
}

}  // namespace
}  // namespace fairlead::http
