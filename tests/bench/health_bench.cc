// What checking thousands of servers costs: the share of one core that the control thread spends.
//
// usage: fairlead_health_bench [SERVERS [EVERY_MS [SECONDS]]]; 20,000 servers every 5 s for 20 s by default, which is
// the size that checks must stay below a tenth of a core for. The servers are addresses of 127.0.0.0/8 that one thread
// serves. On one machine the kernel does the work of both ends of a connection on our time, so real servers cost less;
// `bare` is what a connect and a close cost by themselves, without a line of ours.

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>

#include "app/health_monitor.h"
#include "app/snapshot_builder.h"
#include "runtime/epoll/epoll_loop.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;

// Answers whatever arrives at any address of this machine.
class Server {
 public:
  Server() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in any{.sin_family = AF_INET};
    any.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof any;
    auto* address = reinterpret_cast<sockaddr*>(&any);
    if (::bind(socket_, address, size) != 0 || ::listen(socket_, 4096) != 0) std::abort();
    ::getsockname(socket_, address, &size);
    port_ = ntohs(any.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::uint16_t port() const { return port_; }

 private:
  void run() const {
    constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    std::array<char, 4096> request{};
    while (true) {
      const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      // A check that only connects closes at once.
      if (::recv(connection, request.data(), request.size(), 0) > 0)
        ::send(connection, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      ::close(connection);
    }
  }

  int socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

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
  int events = 0;
};

Duration cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

std::uint64_t checks_of(const HealthMonitor& monitor) {
  std::uint64_t checks = 0;
  for (const PoolReport& pool : monitor.report()) {
    for (const ServerReport& server : pool.servers)
      checks += server.counts.checks_passed + server.counts.checks_failed + server.counts.checks_slow;
  }
  return checks;
}

void measure(std::string_view what, const pool::HealthOptions& health, std::size_t servers, Duration time) {
  const Server server;
  Options options;
  pool::PoolOptions& pool = options.pools["web"];
  pool.health = health;
  for (std::size_t index = 0; index < servers; ++index) {
    const std::string host = fmt::format("127.{}.{}.{}", 1 + index / 60'000, index / 240 % 250, 1 + index % 240);
    pool.servers.push_back({.name = {}, .address = {host, server.port(), ""}});
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
  const std::uint64_t checks_before = checks_of(monitor);
  const TimePoint began = loop.now();
  run_for(time);
  const std::chrono::duration<double> cpu = cpu_time() - cpu_before;
  const std::chrono::duration<double> passed = loop.now() - began;
  const auto checks = static_cast<double>(checks_of(monitor) - checks_before);
  fmt::print(
      "{}: {} servers, {:.0f} checks/s, {:.1f} % of a core, {:.1f} us a check; the start took {:.2f} s of CPU; "
      "{} of them up\n",
      what, servers, checks / passed.count(), 100 * cpu / passed, 1e6 * cpu.count() / checks,
      std::chrono::duration<double>(cpu_before - cpu_before_start).count(), monitor.report()[0].serving);
  monitor.stop([&] { loop.stop(); });
  loop.run();
}

void measure_bare(std::size_t servers) {
  const Server server;
  const Duration before = cpu_time();
  for (std::size_t index = 0; index < servers; ++index) {
    sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(server.port())};
    to.sin_addr.s_addr = htonl(static_cast<std::uint32_t>(0x7F010101 + index));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) std::abort();
    ::close(socket);
  }
  fmt::print("bare: {:.1f} us a connect and close\n",
             std::chrono::duration<double, std::micro>(cpu_time() - before).count() / static_cast<double>(servers));
}

}  // namespace
}  // namespace fairlead::app

int main(int count, char** arguments) {
  const auto argument = [&](int index, int otherwise) {
    return count > index ? std::atoi(arguments[index]) : otherwise;
  };
  const auto servers = static_cast<std::size_t>(argument(1, 20'000));
  const fairlead::Duration every = std::chrono::milliseconds(argument(2, 5000));
  const fairlead::Duration time = std::chrono::seconds(argument(3, 20));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  fairlead::app::measure_bare(servers);
  fairlead::app::measure("no check due", {.every = std::chrono::hours(1)}, servers, time);
  fairlead::app::measure("tcp", {.every = every}, servers, time);
  fairlead::app::measure("http", {.type = fairlead::pool::HealthType::http, .path = "/health", .every = every}, servers,
                         time);
  return 0;
}
