// A connection to a server for one try: a kept one that is still good, or a new one.
#pragma once

#include "base/time.h"
#include "http/stream.h"
#include "pool/keepalive_cache.h"
#include "pool/options.h"
#include "proxy/context.h"
#include "runtime/task.h"

namespace fairlead::proxy {

// What the connection is needed for.
struct ConnectionNeed {
  const pool::PoolOptions& pool;
  const http::ServerStream& client;  // whom it serves: the server may have to be told
  bool fresh = false;                // a kept one will not do
  bool is_sent_once = false;         // what is sent must not be sent twice
  Deadline deadline = kNever;        // for connecting, beside the pool's own
};

// `in_use` is the connection while it is being made, for whoever gives up meanwhile. Errors: dns_failed,
// connect_refused, connect_unreachable, connect_timeout, out_of_resources, canceled.
runtime::Task<pool::Lease> lease_connection(Context& context, pool::Server& server, ConnectionNeed need,
                                            http::ClientStream*& in_use);

// Whether a try failed, `took` after its request was sent, because the server closed a kept connection meanwhile: that
// says nothing of its health. What takes longer than such a crossing has another cause.
bool was_keepalive_race(const Error& error, const pool::Lease::Past& past, Duration took);

}  // namespace fairlead::proxy
