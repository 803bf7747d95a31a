// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "http/codec/path_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::http {
namespace {

TEST(PathInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("path", 60, invariants::check_path), 20U);
}

}  // namespace
}  // namespace fairlead::http
