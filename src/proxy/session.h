// One downstream connection: its requests one after the other, each an exchange.
#pragma once

#include <netinet/in.h>

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/h1_server.h"
#include "proxy/context.h"
#include "proxy/options.h"
#include "proxy/origin.h"
#include "proxy/seats.h"
#include "runtime/event_loop.h"
#include "runtime/slab.h"
#include "runtime/task.h"

namespace fairlead::proxy {

class Exchange;
class SessionList;

// What the sessions of one listening address have in common. Outlives them.
struct SessionSettings {
  std::string listener;
  ProxyProtocol proxy_protocol = ProxyProtocol::off;
  net::IpSet trusted;  // proxies whose word on the client is taken
  http::H1ServerOptions http;
  bool is_loopback = false;  // the listener's address
  std::shared_ptr<ListenerSeats> seats;
  ClientLimit per_client = {};  // without a table: none
};

// Known to its worker's list while it lives.
class Session : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  static void* operator new(std::size_t size) { return runtime::Slab::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { runtime::Slab::release(block, size); }

  // Takes the accepted descriptor over. `list` outlives it.
  Session(Context& context, SessionList& list, std::shared_ptr<const SessionSettings> settings,
          const runtime::Accepted& accepted, Seat seat);

  // Serves until either side ends it.
  static runtime::Task<void> serve(std::unique_ptr<Session> session);
  // No further request after the one in hand; closes at once if there is none.
  void stop_when_idle() { stream_.stop_when_idle(); }
  // As H1Server::close_if_idle; the seat is free at once.
  http::IdleEnd close_if_idle(Duration least);
  // Ends everything, in the middle of a response too.
  void cut();
  // As `cut`, where a WebSocket or an event stream of that server is relayed.
  void end_stream_of(const pool::Server& server);

 private:
  // Serves the request that was just read.
  runtime::Task<void> serve_request(bool yields);
  runtime::Task<void> refuse_request(const Error& error);
  // Reads the PROXY header before the first request. Error too_many_connections: the client that it names has its
  // share.
  runtime::Task<void> read_proxy_header();
  // The other end is, or speaks for, this client.
  void set_client(const net::IpAddress& address);
  void set_ip(std::string_view text);
  // Put together for each request: an idle connection keeps no more of it than it must.
  ClientInfo client() const;

  Context& context_;
  SessionList& list_;
  telemetry::Counted open_;
  std::shared_ptr<const SessionSettings> settings_;
  Seat seat_;
  http::H1Server stream_;
  std::array<char, INET6_ADDRSTRLEN> ip_;
  std::uint8_t ip_size_ = 0;
  bool is_local_ = false;
  bool is_trusted_ = false;
  Exchange* exchange_ = nullptr;  // of the request that is being served
};

}  // namespace fairlead::proxy
