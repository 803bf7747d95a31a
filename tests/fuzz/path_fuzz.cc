// Fuzz target of the normal form of paths. Without a fuzzer the unit tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "http/codec/path_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::http::invariants::check_path({reinterpret_cast<const char*>(data), size});
  return 0;
}
