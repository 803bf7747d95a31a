// The configuration of a command that was given none.
#pragma once

#include <string>

namespace fairlead::cli {

inline constexpr const char* kConfigHere = "fairlead.yaml";

// ./fairlead.yaml, else /etc/fairlead/fairlead.yaml; empty where there is neither.
std::string default_config();

}  // namespace fairlead::cli
