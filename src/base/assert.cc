#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace fairlead {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "fairlead: internal error: %s does not hold (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace fairlead
