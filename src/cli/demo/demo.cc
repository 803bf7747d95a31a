#include "cli/demo/demo.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/demo/loopback.h"
#include "cli/demo/plan.h"

namespace fairlead::cli::demo {

namespace {

using namespace std::chrono_literals;

constexpr double kRateStep = 1.5;
constexpr double kMinRate = 1;
constexpr double kMaxRate = 5000;

std::string words(const net::ListenError& error) {
  return fmt::format("cannot listen on {}: {}", error.endpoint.text(), error.detail);
}

}  // namespace

std::expected<std::vector<int>, net::ListenError> DemoSockets::open(const net::Endpoint& endpoint, std::size_t count) {
  return net::open_listening_sockets(endpoint, count);
}

void DemoSockets::close(const net::Endpoint& endpoint, const std::vector<int>& sockets) {
  net::close_listening_sockets(endpoint, sockets);
}

Demo::Demo(runtime::EventLoop& loop, const DemoFlags& flags, bool is_interactive, Narrator& narrator)
    : loop_(loop),
      flags_(flags),
      narrator_(narrator),
      traffic_(traffic_for(flags)),
      engine_(loop, sockets_, resolver_, *this),
      played_(flags.servers),
      script_(loop, *this, script_for(flags, is_interactive)),
      start_(loop.now()),
      rate_(flags.rate),
      touched_(loop),
      tasks_(loop) {}

Demo::~Demo() = default;

std::expected<Outcome, std::string> Demo::run() {
  if (const auto started = start(); !started) return std::unexpected(started.error());
  tasks_.start(play());
  loop_.run();
  Outcome result = outcome();
  engine_.stop();
  traffic_.stop();
  return result;
}

std::expected<void, std::string> Demo::start() {
  if (const auto started = traffic_.start(); !started) return std::unexpected(words(started.error()));
  const auto address = free_loopback_endpoint();
  if (!address) return std::unexpected(words(address.error()));
  address_ = *address;
  std::vector<net::Endpoint> servers;
  for (std::size_t index = 0; index < traffic_.size(); ++index) servers.push_back(traffic_.server(index).endpoint());
  if (const auto started = engine_.start(options_for(flags_, address_, servers)); !started) {
    const app::StartError& error = started.error();
    return std::unexpected(error.listen ? words(*error.listen) : error.log);
  }
  return {};
}

runtime::Task<void> Demo::play() {
  while (engine_.health().is_checking() && !is_stopping_) co_await runtime::pause_until(loop_, loop_.now() + 10ms);
  narrator_.started(address_.text(), rate_);
  traffic_.send_requests_to(address_);
  loop_.timers().set(*this, loop_.now() + 1s);
  const Result<void> played = co_await script_.run().result();
  is_script_over_ = true;
  if (played) co_await wait_for_players();
  is_stopping_ = true;
  runtime::TimerWheel::cancel(*this);
  traffic_.close_client([this] { loop_.post_from_anywhere([this] { loop_.stop(); }); });
}

// Until the time is over; longer where somebody plays, but not for ever.
runtime::Task<void> Demo::wait_for_players() {
  while (!is_stopping_) {
    TimePoint until = start_ + flags_.duration;
    if (last_key_ != TimePoint()) until = std::max(until, last_key_ + kPlayTime);
    if (loop_.now() >= until) co_return;
    touched_.clear();
    static_cast<void>(co_await with_result(touched_.wait(until)));
  }
}

void Demo::stop(std::string_view by) {
  if (is_stopping_) return;
  is_stopping_ = true;
  ended_by_ = by;
  script_.stop();
  touched_.set();
}

void Demo::on_key(char key) {
  if (key == 'q') stop("key");
  // Before its end the script has the stage for itself: its sentences would not be true otherwise.
  if (!is_script_over_ || is_stopping_) return;
  last_key_ = loop_.now();
  touched_.set();
  const auto server = static_cast<std::size_t>(key - '1');
  if (server < traffic_.size()) toggle_crash(server);
  if (key == 's') toggle_slow();
  if (key == 'd') toggle_drain();
  if (key == '+' || key == '=') change_rate(kRateStep);
  if (key == '-') change_rate(1 / kRateStep);
}

void Demo::toggle_crash(std::size_t server) { played_[server].is_crashed ? bring_back(server) : crash(server); }

void Demo::toggle_slow() {
  const auto server = script_for(flags_, true).crashing();
  played_[server].is_slow = !played_[server].is_slow;
  traffic_.set_service_time(server, played_[server].is_slow ? kSlowService : kNormalService);
  say({"key", fmt::format("{} takes {} now.", traffic_.server(server).name(),
                          played_[server].is_slow ? "three times as long" : "its usual time")});
}

void Demo::toggle_drain() {
  const auto server = script_for(flags_, true).slow();
  if (!played_[server].is_draining) return drain(server);
  played_[server].is_draining = false;
  engine_.health().set_admin(subject(server), pool::AdminState::enabled, "the demo puts it back");
}

void Demo::change_rate(double factor) {
  rate_ = std::clamp(rate_ * factor, kMinRate, kMaxRate);
  traffic_.set_rate(rate_);
  say({"key", fmt::format("{:.0f} requests per second now.", rate_)});
}

void Demo::crash(std::size_t server) {
  played_[server].is_crashed = true;
  traffic_.crash(server);
}

void Demo::bring_back(std::size_t server) {
  played_[server].is_crashed = false;
  traffic_.bring_back(server);
}

void Demo::drain(std::size_t server) {
  played_[server].is_draining = true;
  engine_.health().set_admin(subject(server), pool::AdminState::draining, "the demo drains it");
}

std::uint32_t Demo::in_flight(std::size_t server) {
  const std::vector<app::PoolReport> pools = engine_.health().report();
  for (const app::ServerReport& report : pools.front().servers) {
    if (report.server == traffic_.server(server).name()) return report.in_flight;
  }
  return 0;
}

Counts Demo::counts() const {
  return {.requests = traffic_.client().requests(),
          .retries = engine_.totals().retries,
          .errors = traffic_.client().errors()};
}

void Demo::say(const Sentence& sentence) { narrator_.say(elapsed(), sentence, counts()); }

void Demo::on_server_event(const pool::ServerEvent& event) {
  for (std::size_t server = 0; server < played_.size(); ++server) {
    if (traffic_.server(server).name() == event.server) played_[server].state = event.to;
  }
  script_.on_server_event(event);
  narrator_.on_server_event(elapsed(), event);
}

void Demo::on_timer() {
  seen_requests_.push_back(request_counts());
  if (seen_requests_.size() > kShareWindow + 1) seen_requests_.pop_front();
  narrator_.on_shares(elapsed(), rate_, shares(), counts());
  loop_.timers().set(*this, loop_.now() + 1s);
}

std::vector<std::uint64_t> Demo::request_counts() const {
  std::vector<std::uint64_t> counts;
  for (std::size_t server = 0; server < traffic_.size(); ++server) counts.push_back(traffic_.server(server).requests());
  return counts;
}

std::vector<ServerShare> Demo::shares() const {
  const std::vector<std::uint64_t> now = request_counts();
  const std::vector<std::uint64_t> before =
      seen_requests_.size() > 1 ? seen_requests_.front() : std::vector<std::uint64_t>(now.size());
  std::uint64_t all = 0;
  for (std::size_t server = 0; server < now.size(); ++server) all += now[server] - before[server];
  std::vector<ServerShare> shares;
  for (std::size_t server = 0; server < now.size(); ++server) {
    const auto part = static_cast<double>(now[server] - before[server]);
    shares.push_back({.name = traffic_.server(server).name(),
                      .state = played_[server].state,
                      .requests = now[server],
                      .share = all == 0 ? 0 : part / static_cast<double>(all)});
  }
  return shares;
}

// After the client has ended: its histogram and its errors are its thread's until then.
Outcome Demo::outcome() {
  const LoadClient& client = traffic_.client();
  Outcome outcome{.counts = counts(),
                  .answers = client.answers(),
                  .error_kinds = client.error_kinds(),
                  .median = client.latencies().quantile(0.5),
                  .p99 = client.latencies().quantile(0.99),
                  .servers = shares(),
                  .ended_by = ended_by_};
  narrator_.ended(elapsed(), outcome);
  return outcome;
}

std::string Demo::subject(std::size_t server) const {
  return fmt::format("{}/{}", kPool, traffic_.server(server).name());
}

}  // namespace fairlead::cli::demo
