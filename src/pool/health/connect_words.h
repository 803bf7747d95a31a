// Why a server could not be reached, in words that say what to look at.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "net/endpoint.h"

namespace fairlead::pool {

// For an error before anything was sent: `connection refused: nothing is listening on port 3002`. `took` is how long
// we tried.
std::string connect_words(const Error& error, const net::Endpoint& endpoint, Duration took);

}  // namespace fairlead::pool
