// Looks up the names of a configuration's servers: a name without an address is worth a warning before the start, never
// an error, since it may get one later.
#pragma once

#include <functional>
#include <string>

#include "app/config_loader.h"
#include "config/diagnostic.h"
#include "net/endpoint.h"

namespace fairlead::app {

// Why a name has no address; empty where it has one.
using NameFault = std::function<std::string(const net::Endpoint&)>;

// Asks the system. Blocks.
std::string ask_system(const net::Endpoint& endpoint);

config::Diagnostics check_names(const LoadedConfig& config, const NameFault& fault_of);

}  // namespace fairlead::app
