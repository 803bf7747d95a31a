// Fuzz target of a client's connection: its bytes against a whole worker on the simulated network.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sim/connection_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = fairlead::sim::check_connection({reinterpret_cast<const char*>(data), size});
  for (const auto& what : found) std::fprintf(stderr, "%s\n", what.c_str());
  if (!found.empty()) std::abort();
  return 0;
}
