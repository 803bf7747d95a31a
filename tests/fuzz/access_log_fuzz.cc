// Any text is a log of which some lines are read and the others counted; what is read makes sense.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "base/assert.h"
#include "simulate/access_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  const simulate::AccessLog log = simulate::read_access_log(text, "web");
  FAIRLEAD_ASSERT(log.arrivals.size() + log.unread <= log.lines);
  FAIRLEAD_ASSERT(log.service_times.size() <= log.arrivals.size());
  FAIRLEAD_ASSERT(log.unread == 0 || log.first_unread > 0);
  FAIRLEAD_ASSERT(log.arrivals.empty() || log.arrivals.front() == Duration::zero());
  for (std::size_t index = 1; index < log.arrivals.size(); ++index)
    FAIRLEAD_ASSERT(log.arrivals[index] >= log.arrivals[index - 1]);
  for (const Duration took : log.service_times) FAIRLEAD_ASSERT(took >= Duration::zero());
  FAIRLEAD_ASSERT(log.per_second() >= 0);
  return 0;
}
