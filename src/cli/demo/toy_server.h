// A small app server for the demo: answers every request after its service time, and can crash and return.
//
// It is the server's side of our own codec, so the demo needs no other program.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <expected>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "http/h1_server.h"
#include "http/workspace.h"
#include "net/endpoint.h"
#include "net/listening_socket.h"
#include "runtime/event_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"
#include "telemetry/counter.h"

namespace fairlead::cli::demo {

// Belongs to the loop's thread, except where a call says otherwise.
class ToyServer final : private runtime::EventSource, private runtime::Timer {
 public:
  // `loop` and `workspace` outlive it. Requests take `service_time`, a quarter more or less.
  ToyServer(runtime::EventLoop& loop, http::Workspace& workspace, std::string name, Duration service_time,
            std::uint64_t seed);
  // Must have been closed, or never opened.
  ~ToyServer();

  // Listens on a free port of 127.0.0.1. Before the loop's thread starts, or on it.
  std::expected<void, net::ListenError> open();
  // Valid once opened, and the same from then on. Any thread.
  const net::Endpoint& endpoint() const { return endpoint_; }
  const std::string& name() const { return name_; }

  // Ends like a killed process: nobody listens any more, and every connection is reset.
  void crash();
  // Listens again on the same port, as soon as it can be had.
  void bring_back();
  void set_service_time(Duration service_time) { service_time_ = service_time; }
  // Crashes for good and waits for what is left.
  runtime::Task<void> close();

  // Requests that have arrived, and those that are being worked on. Any thread.
  std::uint64_t requests() const { return requests_.value(); }
  std::int64_t in_flight() const { return in_flight_.value(); }

 private:
  // One connection. Leaves the list by itself.
  struct Visit : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    Visit(runtime::EventLoop& loop, int descriptor, http::Workspace& workspace, const http::H1ServerOptions& options)
        : stream(loop, descriptor, workspace, options), is_cut(loop) {}
    http::H1Server stream;
    runtime::Signal is_cut;
  };
  static constexpr Duration kTryAgain = std::chrono::milliseconds(100);

  std::expected<void, net::ListenError> listen();
  void on_ready(runtime::Readiness readiness) override;
  void on_timer() override { bring_back(); }
  runtime::Task<void> serve(int descriptor);
  runtime::Task<void> answer(Visit& visit);

  runtime::EventLoop& loop_;
  http::Workspace& workspace_;
  std::string name_;
  std::string body_;
  Duration service_time_;
  Random random_;
  http::H1ServerOptions options_;
  net::Endpoint endpoint_{.host = "127.0.0.1"};
  int listener_ = -1;
  telemetry::Counter requests_;
  telemetry::Gauge in_flight_;
  boost::intrusive::list<Visit, boost::intrusive::constant_time_size<false>> visits_;
  runtime::TaskGroup tasks_;
};

}  // namespace fairlead::cli::demo
