// The clients of the benchmark: one thread, many connections, one request at a time on each.
//
// usage: fairlead_bench_load --port P [--connections N] [--path /] [--seconds S] [--warm S] [--rate R] [--pid PID]...
//                            [--upload BYTES] [--hosts N] [--connection keep-alive|close]
// Without --rate every connection asks again as soon as it is answered. With --rate requests are due at fixed times,
// and latency counts from the time at which a request was due, so that a stall is not hidden. --pid names the processes
// of the proxy: their CPU time is read at the ends of the measured time. --hosts names so many hosts in turn,
// h0.bench.test and so on; --connection close has a new connection for each request. Prints one JSON object; `last_bad`
// is when, on the monotonic clock, the last request was due that failed or took more than half a second (0: none).

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "histogram.h"

namespace fairlead::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  std::string path = "/";
  double seconds = 1;
  double warm = 0.3;
  double rate = 0;         // 0: closed loop
  std::size_t upload = 0;  // bytes of body in each request; 0: GET
  std::size_t hosts = 1;
  bool reuses = true;  // false: a new connection for each request
  std::vector<std::string> pids;
};

std::uint64_t now() { return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()); }

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

// Nanoseconds that all threads of these processes have run.
std::uint64_t cpu_time(const std::vector<std::string>& pids) {
  std::uint64_t sum = 0;
  for (const std::string& pid : pids) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + pid + "/task")) {
      std::uint64_t ran = 0;
      std::ifstream(task.path() / "schedstat") >> ran;
      sum += ran;
    }
  }
  return sum;
}

constexpr std::uint64_t kLate = 500'000'000;

struct Connection {
  int fd = -1;
  bool busy = false;
  std::uint64_t due = 0;      // when the request in flight was meant to start
  std::string_view unsent{};  // of the request
  bool needs_room = false;    // the socket took only a part of it
  std::string head{};         // of the response, while it is not complete
  std::size_t body = 0;       // bytes still to come
};

std::vector<std::string> make_requests(const Options& options) {
  std::vector<std::string> requests;
  for (std::size_t host = 0; host < options.hosts; ++host) {
    std::string text =
        (options.upload > 0 ? "POST " : "GET ") + options.path + " HTTP/1.1\r\nHost: h" + std::to_string(host) +
        ".bench.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0\r\n"
        "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-GB,en;q=0.5\r\n"
        "Accept-Encoding: gzip, deflate\r\nCookie: session=0123456789abcdef\r\nCache-Control: max-age=0\r\n";
    if (!options.reuses) text += "Connection: close\r\n";
    if (options.upload > 0) text += "Content-Length: " + std::to_string(options.upload) + "\r\n";
    text += "\r\n" + std::string(options.upload, 'x');
    requests.push_back(std::move(text));
  }
  return requests;
}

class Load {
 public:
  explicit Load(Options options)
      : options_(std::move(options)),
        epoll_(::epoll_create1(0)),
        requests_to_send_(make_requests(options_)),
        connections_(options_.connections) {
    // The kernel may be 50 us late by default, which would be added to every latency.
    ::prctl(PR_SET_TIMERSLACK, 1);
  }

  void run() {
    for (Connection& connection : connections_) open(connection);
    const std::uint64_t start = now();
    const std::uint64_t measured_from = start + nanoseconds(options_.warm);
    next_due_ = start;
    work_until(measured_from);
    requests_ = errors_ = 0;
    latency_.clear();
    const std::uint64_t cpu_before = cpu_time(options_.pids);
    work_until(measured_from + nanoseconds(options_.seconds));
    const std::uint64_t cpu = cpu_time(options_.pids) - cpu_before;
    const double elapsed = static_cast<double>(now() - measured_from) / 1e9;
    std::cout << "{\"requests\": " << requests_ << ", \"errors\": " << errors_ << ", \"seconds\": " << elapsed
              << ", \"cpu_ns\": " << cpu << ", \"last_bad\": " << static_cast<double>(last_bad_) / 1e9
              << ", \"p50_us\": " << microseconds(0.5) << ", \"p99_us\": " << microseconds(0.99)
              << ", \"p999_us\": " << microseconds(0.999) << "}\n";
  }

 private:
  double microseconds(double share) const { return static_cast<double>(latency_.percentile(share)) / 1e3; }

  void work_until(std::uint64_t end) {
    std::array<epoll_event, 256> events;
    for (std::uint64_t time = now(); time < end; time = now()) {
      start_due(time);
      const timespec longest = time_to_wait(now(), end);
      const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &longest, nullptr);
      for (int i = 0; i < count; ++i) {
        Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u64];
        if (!proceed(connection, events[static_cast<std::size_t>(i)].events)) end_connection(connection);
      }
    }
  }

  // False when the connection is over.
  bool proceed(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) send_more(connection);
    return (events & ~EPOLLOUT) == 0 || receive(connection);
  }

  // Starts what is due, on idle connections; what finds none stays due and its waiting counts.
  void start_due(std::uint64_t time) {
    if (options_.rate == 0) return;
    const std::uint64_t step = nanoseconds(1 / options_.rate);
    for (; next_due_ <= time; next_due_ += step) waiting_.push_back(next_due_);
    while (!waiting_.empty() && !idle_.empty()) {
      Connection& connection = connections_[idle_.front()];
      idle_.pop_front();
      ask(connection, waiting_.front());
      waiting_.pop_front();
    }
  }

  // Until the next request is due or all is over. It sleeps meanwhile, because the servers need this core as well.
  timespec time_to_wait(std::uint64_t time, std::uint64_t end) const {
    const std::uint64_t until = options_.rate > 0 ? std::min(next_due_, end) : end;
    const std::uint64_t left = until > time ? until - time : 0;
    return {.tv_sec = static_cast<time_t>(left / 1'000'000'000), .tv_nsec = static_cast<long>(left % 1'000'000'000)};
  }

  void open(Connection& connection) {
    connection = Connection{};
    connection.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = htons(options_.port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    // NOLINTNEXTLINE(bugprone-casting-through-void): the interface of the system
    if (::connect(connection.fd, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) != 0) {
      std::cerr << "cannot connect to port " << options_.port << '\n';
      std::exit(1);
    }
    const int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    ready(connection);
  }

  void watch(const Connection& connection, int operation, std::uint32_t events) const {
    epoll_event event{.events = events, .data = {.u64 = index_of(connection)}};
    ::epoll_ctl(epoll_, operation, connection.fd, &event);
  }

  std::size_t index_of(const Connection& connection) const {
    return static_cast<std::size_t>(&connection - connections_.data());
  }

  void ready(Connection& connection) {
    if (options_.rate == 0) {
      ask(connection, now());
    } else {
      idle_.push_back(index_of(connection));
    }
  }

  void ask(Connection& connection, std::uint64_t due) {
    connection.due = due;
    connection.busy = true;
    connection.head.clear();
    connection.unsent = requests_to_send_[next_request_];
    next_request_ = (next_request_ + 1) % requests_to_send_.size();
    send_more(connection);
  }

  // If the peer has gone, receiving will say so.
  void send_more(Connection& connection) {
    const ssize_t sent =
        ::send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
    const bool needs_room = !connection.unsent.empty();
    if (needs_room == connection.needs_room) return;
    connection.needs_room = needs_room;
    watch(connection, EPOLL_CTL_MOD, needs_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  // False if the connection ended or sent what is not a 200.
  bool receive(Connection& connection) {
    const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0 || !connection.busy) return false;
    std::string_view data(buffer_.data(), static_cast<std::size_t>(got));
    if (connection.body == 0) {
      connection.head += data;
      const std::size_t end = connection.head.find("\r\n\r\n");
      if (end == std::string::npos) return connection.head.size() < 65536;
      if (!begin_body(connection, std::string_view(connection.head).substr(0, end + 2))) return false;
      data = std::string_view(connection.head).substr(end + 4);
    }
    if (data.size() > connection.body) return false;
    connection.body -= data.size();
    if (connection.body == 0) finish(connection);
    return true;
  }

  static bool begin_body(Connection& connection, std::string_view head) {
    constexpr std::string_view kName = "ength: ";  // whatever the case of the rest
    const std::size_t at = head.find(kName);
    if (!head.starts_with("HTTP/1.1 200") || at == std::string_view::npos) return false;
    const std::string_view digits = head.substr(at + kName.size());
    return std::from_chars(digits.begin(), digits.end(), connection.body).ec == std::errc{};
  }

  void finish(Connection& connection) {
    const std::uint64_t latency = now() - connection.due;
    latency_.add(latency);
    if (latency > kLate) last_bad_ = std::max(last_bad_, connection.due);
    ++requests_;
    connection.busy = false;
    if (options_.reuses) ready(connection);  // else the proxy closes it
  }

  void end_connection(Connection& connection) {
    if (connection.busy) {
      ++errors_;
      last_bad_ = std::max(last_bad_, connection.due);
    }
    if (!connection.busy) std::erase(idle_, index_of(connection));
    ::close(connection.fd);
    open(connection);
  }

  Options options_;
  int epoll_;
  std::vector<std::string> requests_to_send_;
  std::size_t next_request_ = 0;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;       // open loop: connections without a request, the one that waits longest first
  std::deque<std::uint64_t> waiting_;  // open loop: due times without a connection
  std::uint64_t next_due_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t last_bad_ = 0;
  Histogram latency_;
  std::array<char, 262144> buffer_;
};

Options read_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string& value = arguments[i + 1];
    if (name == "--port") options.port = static_cast<std::uint16_t>(std::stoi(value));
    if (name == "--connections") options.connections = std::stoul(value);
    if (name == "--path") options.path = value;
    if (name == "--seconds") options.seconds = std::stod(value);
    if (name == "--warm") options.warm = std::stod(value);
    if (name == "--rate") options.rate = std::stod(value);
    if (name == "--upload") options.upload = std::stoul(value);
    if (name == "--hosts") options.hosts = std::stoul(value);
    if (name == "--connection") options.reuses = value != "close";
    if (name == "--pid") options.pids.push_back(value);
  }
  return options;
}

}  // namespace
}  // namespace fairlead::bench

int main(int argc, char** argv) {
  using namespace fairlead::bench;
  Load(read_options({argv + 1, argv + argc})).run();
}
