// How groups of IP addresses are written in a configuration.
#pragma once

#include "config/schema.h"
#include "net/ip_range.h"

namespace fairlead::net {

// `10.0.0.0/8`, `2001:db8::/32`, a single address, `loopback` or `private`.
config::SchemaPtr schema_of(const IpGroup*);

}  // namespace fairlead::net
