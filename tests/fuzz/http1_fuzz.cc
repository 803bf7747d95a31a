// Fuzz target of the HTTP/1 codec. Without a fuzzer the unit tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "http/codec/http1_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::http::invariants::check_http1({reinterpret_cast<const char*>(data), size});
  return 0;
}
