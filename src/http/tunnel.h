// Bytes both ways between two connections that have left HTTP (RFC 9110, 7.8): WebSockets and their like.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "http/stream.h"
#include "runtime/task.h"

namespace fairlead::http {

// Bytes that a tunnel has carried.
struct TunnelCounts {
  std::uint64_t from_client = 0;
  std::uint64_t from_server = 0;
};

// Relays until both sides have ended, one has failed, or nothing has moved in either direction for `idle`. The end of
// one side is passed on to the other. `counts` is kept up to date meanwhile.
runtime::Task<void> relay_tunnel(Transport client, Transport server, Duration idle, TunnelCounts& counts);

}  // namespace fairlead::http
