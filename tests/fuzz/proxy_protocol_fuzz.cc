// Fuzz target of the PROXY protocol. Without a fuzzer the unit tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "net/proxy_protocol_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::net::invariants::check_proxy_protocol({reinterpret_cast<const char*>(data), size});
  return 0;
}
