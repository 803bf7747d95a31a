// One downstream connection: its requests one after the other, each an exchange.
#pragma once

#include <netinet/in.h>

#include <array>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <string>

#include "http/h1_server.h"
#include "proxy/context.h"
#include "proxy/forwarded_request.h"
#include "runtime/event_loop.h"
#include "runtime/slab.h"
#include "runtime/task.h"

namespace fairlead::proxy {

class Exchange;

// What the sessions of one listening address have in common. Outlives them.
struct SessionSettings {
  std::string listener;
  http::H1ServerOptions http;
  bool is_loopback = false;  // the listener's address
};

// Known to its worker's list while it lives.
class Session : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  static void* operator new(std::size_t size) { return runtime::Slab::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { runtime::Slab::release(block, size); }

  // Takes the accepted descriptor over.
  Session(Context& context, std::shared_ptr<const SessionSettings> settings, const runtime::Accepted& accepted);

  // Serves until either side ends it.
  static runtime::Task<void> serve(std::unique_ptr<Session> session);
  // No further request after the one in hand; closes at once if there is none.
  void stop_when_idle() { stream_.stop_when_idle(); }
  // Ends everything, in the middle of a response too.
  void cut();

 private:
  // Serves the request that was just read.
  runtime::Task<void> serve_request(bool yields);
  runtime::Task<void> refuse_request(const Error& error);

  Context& context_;
  telemetry::Counted open_;
  std::shared_ptr<const SessionSettings> settings_;
  http::H1Server stream_;
  std::array<char, INET6_ADDRSTRLEN> ip_;
  ClientInfo client_;
  Exchange* exchange_ = nullptr;  // of the request that is being served
};

using SessionList = boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>>;

}  // namespace fairlead::proxy
