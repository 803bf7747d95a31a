// One downstream connection: its requests one after the other, each an exchange.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/intrusive/list.hpp>
#include <string>

#include "http/h1_server.h"
#include "proxy/context.h"
#include "proxy/forwarded_request.h"
#include "runtime/task.h"

namespace fairlead::proxy {

// What the sessions of one listening address have in common. Outlives them.
struct SessionSettings {
  std::string listener;
  http::H1ServerOptions http;
  bool is_loopback = false;  // the listener's address
};

// Lives in the frame of `serve_connection`. Known to its worker's list while it lives.
class Session : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Session(Context& context, const SessionSettings& settings, int descriptor, const sockaddr_storage& peer);

  // Serves until either side ends it.
  runtime::Task<void> serve();
  // No further request after the one in hand; closes at once if there is none.
  void stop_when_idle() { stream_.stop_when_idle(); }
  bool is_idle() const { return stream_.is_idle(); }
  // Ends everything, in the middle of a response too.
  void cut() { stream_.cut(); }

 private:
  // Serves the request that was just read.
  runtime::Task<void> serve_request();
  runtime::Task<void> refuse_request(const Error& error);
  runtime::Task<bool> next_request();

  Context& context_;
  http::H1Server stream_;
  std::array<char, INET6_ADDRSTRLEN> ip_;
  ClientInfo client_;
};

using SessionList = boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>>;

// Takes `descriptor` over and serves it to its end.
runtime::Task<void> serve_connection(Context& context, SessionList& sessions, const SessionSettings& settings,
                                     int descriptor, sockaddr_storage peer);

}  // namespace fairlead::proxy
