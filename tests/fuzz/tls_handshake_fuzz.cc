// Fuzz target of what a server answers to a TLS handshake. Without a fuzzer the unit tests run it over its corpus.
#include <cstddef>
#include <cstdint>

#include "net/tls_handshake_invariants_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fairlead::net::invariants::check_tls_handshake({reinterpret_cast<const char*>(data), size});
  return 0;
}
