// Fuzz target of what a server gets of a request: its origin, its cookies, its other fields. Without a fuzzer the unit
// tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "proxy/forwarded_request_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::proxy::invariants::check_forwarded_request({reinterpret_cast<const char*>(data), size});
  return 0;
}
