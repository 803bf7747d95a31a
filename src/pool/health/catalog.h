// Every kind of health check there is.
#pragma once

#include <memory>
#include <span>

#include "pool/health/check.h"

namespace fairlead::pool {

// In the order in which the reference lists them.
std::span<const HealthCheckType* const> health_check_catalog();

// The check that `options` ask for, of the server at `endpoint`.
std::unique_ptr<HealthCheck> make_health_check(const HealthOptions& options, const net::Endpoint& endpoint);

}  // namespace fairlead::pool
