// Fuzz target of the sticky cookie. Without a fuzzer the unit tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "pool/sticky_cookie_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::pool::invariants::check_sticky_cookie({reinterpret_cast<const char*>(data), size});
  return 0;
}
