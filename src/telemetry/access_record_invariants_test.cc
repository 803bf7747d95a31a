// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "telemetry/access_record_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::telemetry {
namespace {

TEST(AccessRecordInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("access_line", 40, invariants::check_access_line), 8U);
}

}  // namespace
}  // namespace fairlead::telemetry
