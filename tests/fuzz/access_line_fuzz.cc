// Fuzz target of the lines of the access log. Without a fuzzer the unit tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "telemetry/access_record_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::telemetry::invariants::check_access_line({reinterpret_cast<const char*>(data), size});
  return 0;
}
