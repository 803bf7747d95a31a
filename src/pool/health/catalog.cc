#include "pool/health/catalog.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace fairlead::pool {

// Each is defined in the file of its name.
extern constinit const HealthCheckType tcp_check;
extern constinit const HealthCheckType http_check;
extern constinit const HealthCheckType tls_check;
extern constinit const HealthCheckType udp_check;

namespace {

constexpr std::array kCatalog{&tcp_check, &http_check, &tls_check, &udp_check};

}  // namespace

std::span<const HealthCheckType* const> health_check_catalog() { return kCatalog; }

std::unique_ptr<HealthCheck> make_health_check(const HealthOptions& options, const net::Endpoint& endpoint) {
  const auto entry = std::ranges::find(kCatalog, options.type, &HealthCheckType::type);
  FAIRLEAD_ASSERT(entry != kCatalog.end());
  return (*entry)->make(options, endpoint);
}

}  // namespace fairlead::pool
