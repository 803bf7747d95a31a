// What an exchange finds on its worker: the loop, the workspace, the present snapshot, upstream connections, counters.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/random.h"
#include "http/workspace.h"
#include "pool/keepalive_cache.h"
#include "proxy/access_log.h"
#include "proxy/snapshot.h"
#include "runtime/event_loop.h"
#include "telemetry/counter.h"

namespace fairlead::proxy {

// Counts of one worker. Written by it, read by anyone.
struct Counters {
  telemetry::Counter connections;
  telemetry::Gauge open_connections;
  telemetry::Counter idle_timeouts;  // connections closed after `timeouts.keepalive`
  telemetry::Counter requests;
  telemetry::Gauge open_requests;
  telemetry::Gauge open_tunnels;
  telemetry::Counter retries;
  telemetry::Counter retries_recovered;              // requests that a retry saved
  telemetry::Counter hedges;                         // requests that a second server got while the first was late
  telemetry::Counter hedges_won;                     // that the second one served
  std::array<telemetry::Counter, 6> status_classes;  // [2]: 2xx; [0]: no response was sent
  std::array<telemetry::Counter, kErrorCodes> failures;
  telemetry::Counter cut_responses;
  telemetry::Counter unkept_bodies;  // larger than `body.buffer`, or than what was left of `limits.kept_bodies`
  telemetry::Counter sticky_forged;  // cookies that were not ours
  telemetry::Counter sticky_stale;   // that had expired, or whose server is gone

  // A request has ended so; `status` is what its client got, 0 where it got none.
  void count(std::uint16_t status, const Result<void>& outcome) {
    status_classes[std::min<std::size_t>(status / 100, status_classes.size() - 1)].add();
    if (!outcome) failures[static_cast<std::size_t>(outcome.error().code)].add();
  }
};

// One per worker, which owns all of it.
struct Context {
  runtime::EventLoop& loop;
  http::Workspace& workspace;
  Random& random;
  pool::KeepaliveCaches& upstream;
  AccessLog& access_log;
  Counters& counters;
  SnapshotViewPtr view;  // changes on reload; an exchange keeps the one that it began with

  // Gives descriptors back that nobody uses just now, at once: of the oldest connections to servers, and of pipes.
  void free_descriptors() {
    constexpr std::size_t kConnections = 8;
    upstream.close_idle(kConnections);
    workspace.pipes.close_kept();
  }
};

}  // namespace fairlead::proxy
