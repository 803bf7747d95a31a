// How long a check took, as people read it.
#pragma once

#include <string>

#include "base/time.h"

namespace fairlead::pool {

// `0.4 ms`, `12 ms`, `2.5 s`.
std::string short_duration(Duration duration);

}  // namespace fairlead::pool
