// How the hosts and paths that a route matches are written.
#pragma once

#include <string>
#include <string_view>

#include "config/scalar.h"
#include "config/schema.h"
#include "proxy/options.h"

namespace fairlead::proxy {

// `myapp.com`, `*.myapp.com` or `*`; read without regard to case.
config::Parsed<HostPattern> parse_host_pattern(std::string_view text);
std::string print_host_pattern(const HostPattern& pattern);
// `/exact` or `/prefix/*`.
config::Parsed<PathPattern> parse_path_pattern(std::string_view text);
std::string print_path_pattern(const PathPattern& pattern);

config::SchemaPtr schema_of(const HostPattern*);
config::SchemaPtr schema_of(const PathPattern*);

}  // namespace fairlead::proxy
