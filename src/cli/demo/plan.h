// The demo's settings, from its flags: how fast the toy servers are, and Fairlead's options for them.
#pragma once

#include <vector>

#include "app/options.h"
#include "cli/demo/demo_command.h"
#include "cli/demo/script.h"
#include "cli/demo/traffic.h"
#include "net/endpoint.h"

namespace fairlead::cli::demo {

inline constexpr std::string_view kPool = "demo";
inline constexpr Duration kNormalService = std::chrono::milliseconds(20);
inline constexpr Duration kSlowService = std::chrono::milliseconds(60);

// Checks and the warm-up of a shortened demo are shortened with it, so that the script still fits.
app::Options options_for(const DemoFlags& flags, const net::Endpoint& listen,
                         const std::vector<net::Endpoint>& servers);
TrafficPlan traffic_for(const DemoFlags& flags);
ScriptPlan script_for(const DemoFlags& flags, bool is_interactive);

}  // namespace fairlead::cli::demo
