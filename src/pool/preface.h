// What is sent ahead of everything else on a connection to a server: a PROXY header, where the pool wants one.
#pragma once

#include <memory>
#include <string>

#include "http/stream.h"
#include "pool/health/check.h"
#include "pool/options.h"

namespace fairlead::pool {

// The preface of a connection that serves `client`; empty where there is none. A server takes it for all requests on
// that connection, so it may serve others only with the same preface: the same connection of the same client.
std::string preface_for(const PoolOptions& options, const http::ServerStream& client);

// The check of the server at `endpoint` that `options` ask for, with the preface of a connection of our own. A check of
// another port (`health.port`), over TLS or over UDP, has none.
std::unique_ptr<HealthCheck> make_check_with_preface(const PoolOptions& options, const net::Endpoint& endpoint);

}  // namespace fairlead::pool
