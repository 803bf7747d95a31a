// Our own mistakes end the process, in release builds too. Input, peers and the kernel never trip this.
#pragma once

namespace fairlead {

// Prints the broken promise and its place to stderr and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace fairlead

#define FAIRLEAD_ASSERT(condition) \
  (static_cast<bool>(condition) ? void() : ::fairlead::assertion_failed(#condition, __FILE__, __LINE__))
