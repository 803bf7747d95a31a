// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "pool/health/check_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::pool {
namespace {

TEST(HealthCheckInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("health_check", 24, invariants::check_health), 15U);
}

}  // namespace
}  // namespace fairlead::pool
