#include "cli/demo/traffic.h"

#include <string>
#include <utility>

#include "net/socket_address.h"

namespace fairlead::cli::demo {

Traffic::Traffic(const TrafficPlan& plan) : client_(loop_, workspace_, plan.rate, plan.seed), closing_(loop_) {
  for (const Duration service_time : plan.service_times) {
    const std::size_t number = servers_.size() + 1;
    servers_.push_back(std::make_unique<ToyServer>(loop_, workspace_, "app-" + std::to_string(number), service_time,
                                                   plan.seed + number));
  }
}

Traffic::~Traffic() { stop(); }

std::expected<void, net::ListenError> Traffic::start() {
  std::expected<void, net::ListenError> opened;
  for (std::size_t index = 0; index < servers_.size() && opened; ++index) opened = servers_[index]->open();
  thread_ = std::thread([this] { loop_.run(); });
  return opened;
}

void Traffic::send_requests_to(const net::Endpoint& target) {
  loop_.post_from_anywhere([this, address = *net::address_without_lookup(target)] { client_.start(address); });
}

void Traffic::crash(std::size_t server) {
  loop_.post_from_anywhere([&crashing = *servers_[server]] { crashing.crash(); });
}

void Traffic::bring_back(std::size_t server) {
  loop_.post_from_anywhere([&returning = *servers_[server]] { returning.bring_back(); });
}

void Traffic::set_service_time(std::size_t server, Duration service_time) {
  loop_.post_from_anywhere([&changed = *servers_[server], service_time] { changed.set_service_time(service_time); });
}

void Traffic::set_rate(double rate) {
  loop_.post_from_anywhere([this, rate] { client_.set_rate(rate); });
}

void Traffic::close_client(std::move_only_function<void()> done) {
  loop_.post_from_anywhere(
      [this, done = std::move(done)]() mutable { closing_.start(finish_client(std::move(done))); });
}

runtime::Task<void> Traffic::finish_client(std::move_only_function<void()> done) {
  co_await client_.close();
  done();
}

void Traffic::stop() {
  if (!thread_.joinable()) return;
  loop_.post_from_anywhere([this] { closing_.start(finish_servers()); });
  thread_.join();
}

runtime::Task<void> Traffic::finish_servers() {
  for (const auto& server : servers_) co_await server->close();
  loop_.stop();
}

}  // namespace fairlead::cli::demo
