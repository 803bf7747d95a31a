// The thread on which the demo's toy servers and their users live, and how control speaks to it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "cli/demo/load_client.h"
#include "cli/demo/toy_server.h"
#include "http/workspace.h"
#include "net/listening_socket.h"
#include "runtime/epoll/epoll_loop.h"

namespace fairlead::cli::demo {

struct TrafficPlan {
  std::vector<Duration> service_times;  // one per server; they are called app-1, app-2, …
  double rate = 0;
  std::uint64_t seed = 0;
};

// All calls are the control thread's.
class Traffic {
 public:
  explicit Traffic(const TrafficPlan& plan);
  // Stops.
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // Opens the servers and starts the thread.
  std::expected<void, net::ListenError> start();
  void send_requests_to(const net::Endpoint& target);

  void crash(std::size_t server);
  void bring_back(std::size_t server);
  void set_service_time(std::size_t server, Duration service_time);
  void set_rate(double rate);

  // Ends the client, then calls `done` on the traffic's own thread.
  void close_client(std::move_only_function<void()> done);
  // Ends the servers and the thread. The client must have been closed, or never started.
  void stop();

  std::size_t size() const { return servers_.size(); }
  const ToyServer& server(std::size_t index) const { return *servers_[index]; }
  const LoadClient& client() const { return client_; }

 private:
  runtime::Task<void> finish_client(std::move_only_function<void()> done);
  runtime::Task<void> finish_servers();

  runtime::EpollLoop loop_;
  http::Workspace workspace_;
  std::vector<std::unique_ptr<ToyServer>> servers_;
  LoadClient client_;
  runtime::TaskGroup closing_;
  std::thread thread_;
};

}  // namespace fairlead::cli::demo
