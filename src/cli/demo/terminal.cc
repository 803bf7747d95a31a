#include "cli/demo/terminal.h"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

#include "base/assert.h"

namespace fairlead::cli::demo {

Keyboard::Keyboard(runtime::EventLoop& loop, std::move_only_function<void(char)> on_key)
    : loop_(loop), on_key_(std::move(on_key)) {
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  // Signals stay: Ctrl-C ends the demo.
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  loop_.watch(STDIN_FILENO, *this);
}

Keyboard::~Keyboard() {
  loop_.unwatch(STDIN_FILENO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void Keyboard::on_ready(runtime::Readiness readiness) {
  if (!readiness.readable) return;
  char key = 0;
  while (::read(STDIN_FILENO, &key, 1) == 1) on_key_(key);
}

StopSignals::StopSignals(runtime::EventLoop& loop, std::move_only_function<void()> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  sigset_t signals{};
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  descriptor_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  FAIRLEAD_ASSERT(descriptor_ >= 0);
  loop_.watch(descriptor_, *this);
}

StopSignals::~StopSignals() {
  loop_.close(descriptor_, false);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopSignals::on_ready(runtime::Readiness readiness) {
  if (!readiness.readable) return;
  signalfd_siginfo signal{};
  while (::read(descriptor_, &signal, sizeof signal) == sizeof signal) on_signal_();
}

bool input_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool is_in_foreground() { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

std::size_t terminal_columns() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kUsual;
}

}  // namespace fairlead::cli::demo
