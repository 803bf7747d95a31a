#include "pool/health/duration_text.h"

#include <fmt/format.h>

namespace fairlead::pool {

std::string short_duration(Duration duration) {
  const std::int64_t us = duration / std::chrono::microseconds(1);
  if (us < 10'000) return fmt::format("{}.{} ms", us / 1000, us % 1000 / 100);
  const std::int64_t ms = us / 1000;
  if (ms < 1000) return fmt::format("{} ms", ms);
  return ms % 1000 < 100 ? fmt::format("{} s", ms / 1000) : fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
}

}  // namespace fairlead::pool
