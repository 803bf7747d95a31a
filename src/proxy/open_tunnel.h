// What is left of a session and its last exchange once both sides have left HTTP: a tunnel, and what is held until it
// ends.
//
// Session and exchange are gone by then, with their memory. This is all that an idle WebSocket costs.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>

#include "base/error.h"
#include "base/time.h"
#include "http/stream.h"
#include "http/tunnel.h"
#include "pool/permit.h"
#include "pool/pool_view.h"
#include "proxy/context.h"
#include "proxy/kept_record.h"
#include "proxy/seats.h"
#include "proxy/snapshot.h"
#include "runtime/slab.h"
#include "telemetry/counter.h"

namespace fairlead::proxy {

struct SessionSettings;

// Belongs to itself until it ends, and to its worker's list, which ends it. It logs and reports how it went.
class OpenTunnel final
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
      private http::TunnelOwner {
 public:
  static void* operator new(std::size_t size) { return runtime::Slab::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { runtime::Slab::release(block, size); }

  // What the session held.
  struct FromSession {
    std::shared_ptr<const SessionSettings> settings;  // the seat needs it
    Seat seat;
    telemetry::Counted open_connection;
  };
  // What the exchange held, and knows.
  struct FromExchange {
    SnapshotViewPtr view;
    pool::PoolView& pool;  // of that view
    pool::Permit permit;
    TimePoint began;
    bool is_logged;
    const telemetry::AccessRecord& record;
  };

  OpenTunnel(Context& context, FromSession session, FromExchange exchange, http::Transport client,
             http::Transport server, const http::Tunnel::Agreement& agreement);

  bool leads_to(const pool::Server& server) const { return permit_.server() == &server; }
  // Says goodbye and ends, now.
  void cut();

 private:
  void on_tunnel_end(const Result<void>& outcome) override;
  // The last call of its life.
  void end(const Result<void>& outcome);
  void record(const Result<void>& outcome);

  Context& context_;
  std::shared_ptr<const SessionSettings> settings_;
  Seat seat_;
  telemetry::Counted open_connection_;
  telemetry::Counted open_request_;
  telemetry::Counted open_tunnel_;
  SnapshotViewPtr view_;
  pool::PoolView& pool_;
  pool::Permit permit_;
  TimePoint began_;
  bool is_logged_;
  KeptRecord record_;
  http::Tunnel tunnel_;  // ends first, so that the connections have ended when the permit is given back
};

}  // namespace fairlead::proxy
