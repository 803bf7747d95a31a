// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "net/tls_handshake_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::net {
namespace {

TEST(TlsHandshakeInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("tls_handshake", 12, invariants::check_tls_handshake), 6U);
}

}  // namespace
}  // namespace fairlead::net
