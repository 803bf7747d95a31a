// The secret of this machine, for signatures where the configuration gives none.
#pragma once

#include <string>

#include "config/environment.h"

namespace fairlead::app {

// Derived from /etc/machine-id, so that it is the same after a restart; random where there is no such file.
std::string machine_secret(const config::Environment& environment);

}  // namespace fairlead::app
