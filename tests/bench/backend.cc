// The servers of the benchmark: one thread that answers on every port it is given, as cheaply as it can.
//
// usage: fairlead_bench_backend [--addresses N] PORT...
// `/` has a body of 128 bytes, `/64k` and `/1m` what they say. A POST has a Content-Length; its body is thrown away. A
// WebSocket handshake gets its 101, and from then on everything comes back as it came. Requests are trusted. Each port
// is on 127.0.0.1 and, with --addresses, on N addresses from 127.0.1.1 on.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

std::string response(std::size_t size) {
  return "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n" + std::string(size, 'x');
}

// The answer to the key of the example in RFC 6455, 1.3, which is the one that clients of the benchmark send.
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYgzZhZRbK+xOo=\r\n\r\n";

struct Connection {
  int fd = -1;
  bool listening = false;
  bool is_tunnel = false;
  std::size_t body = 0;        // bytes of an upload still to come
  std::string input{};         // a head that is not complete yet
  std::string_view unsent{};   // the rest of the response in progress
  std::size_t unanswered = 0;  // requests read while that one was in progress, all of the same kind
  std::string_view next{};
};

struct Options {
  std::uint32_t addresses = 0;
  std::vector<std::uint16_t> ports{};
};

class Backend {
 public:
  explicit Backend(const Options& options) : epoll_(::epoll_create1(0)) {
    for (const std::uint16_t port : options.ports) {
      listen(INADDR_LOOPBACK, port);
      for (std::uint32_t i = 0; i < options.addresses; ++i) listen(kFirstAddress + i, port);
    }
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        Connection& connection = connections_.find(events[static_cast<std::size_t>(i)].data.fd)->second;
        if (connection.listening) {
          accept_all(connection);
        } else if (!serve(connection)) {
          ::close(connection.fd);
          connections_.erase(connection.fd);
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t kFirstAddress = INADDR_LOOPBACK + 256;  // 127.0.1.1

  void listen(std::uint32_t ip, std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(ip)}, .sin_zero = {}};
    // NOLINTNEXTLINE(bugprone-casting-through-void): the interface of the system
    if (::bind(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) != 0 ||
        ::listen(fd, 4096) != 0) {
      std::cerr << "cannot listen on port " << port << '\n';
      std::exit(1);
    }
    watch(fd, true, EPOLLIN);
  }

  void watch(int fd, bool listening, std::uint32_t events) {
    connections_.emplace(fd, Connection{.fd = fd, .listening = listening});
    epoll_event event{.events = events, .data = {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all(const Connection& listener) {
    for (;;) {
      const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(fd, false, EPOLLIN | EPOLLOUT | EPOLLET);
    }
  }

  // False when the connection is over.
  bool serve(Connection& connection) {
    if (!send_pending(connection)) return false;
    for (;;) {
      // A body needs no buffer: the kernel throws away what would be copied.
      const bool is_body = connection.body > 0;
      const ssize_t got = is_body ? ::recv(connection.fd, nullptr, connection.body, MSG_TRUNC)
                                  : ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN;
      const auto size = static_cast<std::size_t>(got);
      if (is_body) {
        connection.body -= size;
        if (connection.body == 0) answer(connection, small_);
      } else if (connection.is_tunnel) {
        // What a tunnel of the benchmark sends fits any socket buffer.
        if (::send(connection.fd, buffer_.data(), size, MSG_NOSIGNAL) != got) return false;
      } else {
        connection.input.append(buffer_.data(), size);
        take_requests(connection);
      }
      if (!send_pending(connection)) return false;
      if (!is_body && size < buffer_.size()) return true;
    }
  }

  static void answer(Connection& connection, std::string_view response) {
    connection.next = response;
    ++connection.unanswered;
  }

  void take_requests(Connection& connection) const {
    std::string_view rest = connection.input;
    for (std::size_t end = rest.find("\r\n\r\n"); end != std::string_view::npos; end = rest.find("\r\n\r\n")) {
      const std::string_view head = rest.substr(0, end + 2);
      rest.remove_prefix(end + 4);
      if (head.starts_with("POST ")) {
        begin_upload(connection, head, rest);
      } else if (head.find("pgrade: websocket\r\n") != std::string_view::npos) {
        connection.is_tunnel = true;
        answer(connection, kSwitching);
      } else {
        answer(connection, head.starts_with("GET /64k ") ? large_ : head.starts_with("GET /1m ") ? huge_ : small_);
      }
    }
    connection.input.erase(0, connection.input.size() - rest.size());
  }

  // Takes from `rest` what is of the body.
  void begin_upload(Connection& connection, std::string_view head, std::string_view& rest) const {
    constexpr std::string_view kName = "ength: ";  // whatever the case of the rest
    const std::string_view digits = head.substr(std::min(head.find(kName), head.size() - kName.size()) + kName.size());
    std::from_chars(digits.begin(), digits.end(), connection.body);
    const std::size_t came = std::min(connection.body, rest.size());
    connection.body -= came;
    rest.remove_prefix(came);
    if (connection.body == 0) answer(connection, small_);
  }

  // False on an error; true also if the socket takes no more for now.
  static bool send_pending(Connection& connection) {
    while (!connection.unsent.empty() || connection.unanswered > 0) {
      if (connection.unsent.empty()) {
        connection.unsent = connection.next;
        --connection.unanswered;
      }
      const ssize_t sent = ::send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  int epoll_;
  std::unordered_map<int, Connection> connections_;  // by descriptor; the nodes stay where they are
  const std::string small_ = response(128);
  const std::string large_ = response(64UL << 10);
  const std::string huge_ = response(1UL << 20);
  std::array<char, 16384> buffer_;
};

}  // namespace

int main(int argc, char** argv) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--addresses" && i + 1 < argc) {
      options.addresses = static_cast<std::uint32_t>(std::atoi(argv[++i]));
    } else {
      options.ports.push_back(static_cast<std::uint16_t>(std::atoi(argv[i])));
    }
  }
  Backend(options).run();
}
