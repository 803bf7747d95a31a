// The sinks that write to file descriptors.
//
// stdout and stderr are shared with other programs, so they are not made non-blocking. Instead no more is written at
// once than a descriptor that polls as writable takes without blocking: a page, for a pipe (pipe(7), PIPE_BUF).

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "telemetry/log_output.h"

namespace fairlead::telemetry {
namespace {

constexpr int kFileMode = 0640;

int open_file(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kFileMode);
}

bool is_regular_file(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

std::expected<std::size_t, int> write_some(int fd, std::string_view bytes) {
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  if (written >= 0) return static_cast<std::size_t>(written);
  return std::unexpected(errno == EINTR ? EAGAIN : errno);
}

std::expected<std::size_t, int> write_without_blocking(int fd, bool is_regular, std::string_view bytes) {
  if (is_regular) return write_some(fd, bytes);
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&writable, 1, 0) != 1) return std::unexpected(EAGAIN);
  return write_some(fd, bytes.substr(0, PIPE_BUF));
}

class FdSink final : public ByteSink {
 public:
  explicit FdSink(int fd) : fd_(fd), is_regular_(is_regular_file(fd)) {}

  std::expected<std::size_t, int> write(std::string_view bytes) override {
    return write_without_blocking(fd_, is_regular_, bytes);
  }
  bool reopen() override { return true; }
  int fd() const override { return fd_; }

 private:
  int fd_;
  bool is_regular_;
};

class FileSink final : public ByteSink {
 public:
  FileSink(std::string path, int fd) : path_(std::move(path)), fd_(fd), is_regular_(is_regular_file(fd)) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override { ::close(fd_); }

  std::expected<std::size_t, int> write(std::string_view bytes) override {
    return write_without_blocking(fd_, is_regular_, bytes);
  }

  bool reopen() override {
    const int opened = open_file(path_);
    if (opened < 0) return false;
    ::close(std::exchange(fd_, opened));
    is_regular_ = is_regular_file(fd_);
    return true;
  }

  int fd() const override { return fd_; }

 private:
  std::string path_;
  int fd_;
  bool is_regular_;  // a path may also name a pipe or a terminal
};

}  // namespace

std::unique_ptr<ByteSink> fd_sink(int fd) { return std::make_unique<FdSink>(fd); }

std::expected<std::unique_ptr<ByteSink>, int> file_sink(std::string path) {
  const int opened = open_file(path);
  if (opened < 0) return std::unexpected(errno);
  return std::make_unique<FileSink>(std::move(path), opened);
}

}  // namespace fairlead::telemetry
