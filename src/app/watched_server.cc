#include "app/watched_server.h"

#include <algorithm>
#include <utility>

#include "pool/preface.h"

namespace fairlead::app {

WatchedServer::WatchedServer(pool::CheckTools& tools, std::shared_ptr<pool::Server> of,
                             std::shared_ptr<const pool::Pool> in, pool::Origin origin)
    : server(std::move(of)),
      pool(std::move(in)),
      machine(*server, pool::HealthMachine::options_of(pool->options()), origin, tools.loop.now()),
      detector(std::in_place, *server, pool->options().passive, tools.loop.now()),
      check(pool::make_check_with_preface(pool->options(), server->endpoint())),
      pace(*server, tools.loop.now()),
      schedule(pool->options().health.every),
      next_tick(tools.loop.now() + detector->tick()),
      checker(tools),
      woken(tools.loop) {}

void WatchedServer::update(std::shared_ptr<const pool::Pool> in, TimePoint now) {
  const bool checks_otherwise =
      in->options().health != pool->options().health || in->options().proxy_protocol != pool->options().proxy_protocol;
  const bool judges_otherwise = in->options().passive != pool->options().passive;
  pool = std::move(in);
  machine.set_options(pool::HealthMachine::options_of(pool->options()));
  if (checks_otherwise) {
    check = pool::make_check_with_preface(pool->options(), server->endpoint());
    schedule = pool::CheckSchedule(pool->options().health.every);
    woken.set();
    checker.cancel();
  }
  if (judges_otherwise) detector.emplace(*server, pool->options().passive, now);
}

void WatchedServer::end_checks() {
  is_stopped = true;
  woken.set();
  checker.cancel();
}

runtime::Task<WatchedServer::Answer> WatchedServer::ask() {
  // A reload may replace it meanwhile.
  const std::shared_ptr<const pool::HealthCheck> asked = check;
  const net::SocketAddress used = *server->address();
  pool::CheckOutcome first = co_await ask_at(*asked, used);
  if (first.was_connected || first.result.verdict == pool::CheckVerdict::slow)
    co_return Answer{std::move(first), std::nullopt};
  const std::vector<net::SocketAddress> others = addresses;
  for (std::size_t tried = 0; tried < std::min(kOtherAddresses + 1, others.size()); ++tried) {
    const net::SocketAddress& other = others[next_other_++ % others.size()];
    if (other == used) continue;
    pool::CheckOutcome outcome = co_await ask_at(*asked, other);
    if (outcome.result.verdict == pool::CheckVerdict::passed) co_return Answer{std::move(outcome), other};
  }
  co_return Answer{std::move(first), std::nullopt};
}

runtime::Task<pool::CheckOutcome> WatchedServer::ask_at(const pool::HealthCheck& asked, net::SocketAddress address) {
  const pool::HealthOptions& options = pool->options().health;
  if (options.port != 0) address.set_port(options.port);
  return checker.run(asked, address, std::min(options.timeout, options.every));
}

}  // namespace fairlead::app
