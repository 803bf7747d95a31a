// Replays the corpus of the fuzzer, each input also spoilt in small ways from a seed.
#include "http/codec/websocket_frames_invariants_test.h"

#include <gtest/gtest.h>

#include "fuzz/corpus.h"

namespace fairlead::http {
namespace {

TEST(WebSocketFramesInvariants, hold_for_the_corpus_and_spoilt_forms_of_it) {
  EXPECT_GE(fuzz::replay("websocket_frames", 40, invariants::check_websocket_frames), 7U);
}

}  // namespace
}  // namespace fairlead::http
