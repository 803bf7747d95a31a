// What checking thousands of servers costs: the share of one core that the control thread spends.
//
// usage: fairlead_health_bench serve PORT
//        fairlead_health_bench check PORT [SERVERS [EVERY_MS [SECONDS]]]
// 20,000 servers every 5 s for 20 s by default, which is the size that checks must stay below a tenth of a core for.
// The servers are addresses from 10.64.0.1 on, where `serve` answers: health.py puts it on another core and behind a
// network of its own, so that only the work of the checking side is counted. `bare` is what a connect and a close cost
// by themselves, without a line of ours, and what a probe does.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "app/health_monitor.h"
#include "app/snapshot_builder.h"
#include "runtime/epoll/epoll_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;

// Answers whatever arrives at any address of this machine, for ever.
int serve(std::uint16_t port) {
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in any{.sin_family = AF_INET, .sin_port = htons(port)};
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 || ::listen(socket, 4096) != 0) return 1;
  fmt::print("ready\n");
  static_cast<void>(std::fflush(stdout));
  std::array<char, 4096> request{};
  while (true) {
    const int connection = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return 1;
    // A check that only connects closes at once.
    if (::recv(connection, request.data(), request.size(), 0) > 0)
      ::send(connection, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    ::close(connection);
  }
}

in_addr address_of(std::size_t server) {
  constexpr std::uint32_t kFirst = 10U << 24 | 64U << 16 | 1;
  return {.s_addr = htonl(static_cast<std::uint32_t>(kFirst + server))};
}

// Ends the loop after a time.
class End final : public runtime::Timer {
 public:
  explicit End(runtime::EventLoop& loop) : loop_(loop) {}
  void on_timer() override { loop_.stop(); }

 private:
  runtime::EventLoop& loop_;
};

class Quiet final : public HealthListener {
 public:
  void on_server_event(const pool::ServerEvent&) override { ++events; }
  void on_pool_event(const pool::PoolEvent&) override {}
  void on_zone_event(const pool::ZoneEvent&) override {}
  int events = 0;
};

Duration cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// Of it, what was spent in the kernel.
Duration kernel_time() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return std::chrono::seconds(used.ru_stime.tv_sec) + std::chrono::microseconds(used.ru_stime.tv_usec);
}

std::uint64_t checks_of(const HealthMonitor& monitor) {
  std::uint64_t checks = 0;
  for (const PoolReport& pool : monitor.report()) {
    for (const ServerReport& server : pool.servers)
      checks += server.counts.checks_passed + server.counts.checks_failed + server.counts.checks_slow;
  }
  return checks;
}

void measure(std::string_view what, const pool::HealthOptions& health, std::uint16_t port, std::size_t servers,
             Duration time) {
  Options options;
  pool::PoolOptions& pool = options.pools["web"];
  pool.health = health;
  for (std::size_t index = 0; index < servers; ++index) {
    std::array<char, INET_ADDRSTRLEN> host{};
    const in_addr address = address_of(index);
    ::inet_ntop(AF_INET, &address, host.data(), host.size());
    pool.servers.push_back({.name = {}, .address = {host.data(), port, ""}});
  }
  runtime::EpollLoop loop;
  net::SystemResolver resolver;
  Random random(1);
  Quiet events;
  HealthMonitor monitor(loop, resolver, random, events);
  SnapshotBuilder builder;
  const auto snapshot = builder.build(options, 1);
  End end(loop);
  const auto run_for = [&](Duration duration) {
    loop.timers().set(end, loop.now() + duration);
    loop.run();
  };

  const Duration cpu_before_start = cpu_time();
  monitor.watch(snapshot->pools, pool::Origin::process_start, 1);
  // Every server has had its first check, and the second ones are spread.
  run_for(std::min<Duration>(2 * health.every, 10s));
  const Duration cpu_before = cpu_time();
  const Duration kernel_before = kernel_time();
  const std::uint64_t checks_before = checks_of(monitor);
  const TimePoint began = loop.now();
  run_for(time);
  const std::chrono::duration<double> cpu = cpu_time() - cpu_before;
  const std::chrono::duration<double> kernel = kernel_time() - kernel_before;
  const std::chrono::duration<double> passed = loop.now() - began;
  const auto checks = static_cast<double>(checks_of(monitor) - checks_before);
  fmt::print(
      "{}: {} servers, {:.0f} checks/s, {:.1f} % of a core ({:.1f} % in the kernel), {:.1f} us a check; the start took "
      "{:.2f} s of CPU; "
      "{} of them up\n",
      what, servers, checks / passed.count(), 100 * cpu / passed, 100 * kernel / passed, 1e6 * cpu.count() / checks,
      std::chrono::duration<double>(cpu_before - cpu_before_start).count(), monitor.report()[0].serving);
  monitor.stop([&] { loop.stop(); });
  loop.run();
}

// Each with a socket of its own, or all with one that is used again and never accepted (see EventLoop::probe).
enum class Bare : bool { connect_and_close, probe };

void measure_bare(Bare kind, std::uint16_t port, std::size_t servers) {
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  const int off = 0;
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Duration before = cpu_time();
  for (std::size_t index = 0; index < servers; ++index) {
    const sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address_of(index)};
    const int socket = kind == Bare::probe ? probe : ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (kind == Bare::probe) ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) std::abort();
    if (kind == Bare::probe) {
      if (::connect(socket, &nowhere, sizeof nowhere) != 0) std::abort();
    } else {
      ::close(socket);
    }
  }
  fmt::print("bare: {:.1f} us a {}\n",
             std::chrono::duration<double, std::micro>(cpu_time() - before).count() / static_cast<double>(servers),
             kind == Bare::probe ? "probe" : "connect and close");
  ::close(probe);
}

}  // namespace
}  // namespace fairlead::app

int main(int count, char** arguments) {
  using fairlead::pool::HealthType;
  const auto argument = [&](int index, int otherwise) {
    return count > index ? std::atoi(arguments[index]) : otherwise;
  };
  const std::string_view role = count > 1 ? arguments[1] : "";
  const auto port = static_cast<std::uint16_t>(argument(2, 0));
  if (role == "serve") return fairlead::app::serve(port);
  if (role != "check") return 2;
  const auto servers = static_cast<std::size_t>(argument(3, 20'000));
  const fairlead::Duration every = std::chrono::milliseconds(argument(4, 5000));
  const fairlead::Duration time = std::chrono::seconds(argument(5, 20));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  // A line as soon as it is known: all of them take minutes.
  static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, 0));
  fairlead::app::measure_bare(fairlead::app::Bare::connect_and_close, port, servers);
  fairlead::app::measure_bare(fairlead::app::Bare::probe, port, servers);
  fairlead::app::measure("no check due", {.every = std::chrono::hours(1)}, port, servers, time);
  fairlead::app::measure("tcp", {.every = every}, port, servers, time);
  fairlead::app::measure("http", {.type = HealthType::http, .path = "/health", .every = every}, port, servers, time);
  return 0;
}
