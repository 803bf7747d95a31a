#include "app/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace fairlead::app {

std::uint64_t descriptor_limit() {
  constexpr std::uint64_t kUsual = 1024;
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : kUsual;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint32_t automatic_connections(std::uint64_t descriptors, const DescriptorNeeds& needs) {
  constexpr std::uint64_t kProcess = 16;   // standard streams, logs, configuration, signals, name lookups
  constexpr std::uint64_t kPerWorker = 2;  // its loop
  constexpr std::uint64_t kChecks = 64;    // that run at once, at most
  constexpr std::uint64_t kLeast = 8;
  constexpr std::uint64_t kMost = 1U << 30U;
  const std::uint64_t reserve =
      kProcess + needs.workers * (kPerWorker + needs.addresses) + std::min<std::uint64_t>(needs.servers, kChecks);
  const std::uint64_t left = descriptors > reserve ? descriptors - reserve : 0;
  const std::uint64_t wanted = std::min(left, std::max(left / 2, needs.asked));
  return static_cast<std::uint32_t>(std::clamp(wanted, kLeast, kMost));
}

}  // namespace fairlead::app
