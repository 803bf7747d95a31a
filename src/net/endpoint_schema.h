// How addresses are written: one form for what we listen on, one for the servers behind us.
#pragma once

#include <string_view>

#include "config/scalar.h"
#include "config/schema.h"
#include "net/endpoint.h"

namespace fairlead::net {

// `:443`, `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`, and the same behind `http://`.
config::Parsed<Endpoint> parse_listen_address(std::string_view text);
// `3001` (on this machine), `host:port`, `[v6]:port`, `unix:/path`, and the same behind `http://`.
config::Parsed<Endpoint> parse_server_address(std::string_view text);

config::SchemaPtr listen_address_schema();
config::SchemaPtr server_address_schema();

// Whether a host can only mean this machine: `localhost`, 127.0.0.0/8, `::1`.
bool is_loopback(std::string_view host);

}  // namespace fairlead::net
