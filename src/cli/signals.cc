#include "cli/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

#include "base/assert.h"

namespace fairlead::cli {

namespace {

int open_signals(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

}  // namespace

Signals::Signals(runtime::EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)), descriptor_(open_signals(signals)) {
  FAIRLEAD_ASSERT(descriptor_ >= 0);
  loop_.watch(descriptor_, *this);
}

Signals::~Signals() { loop_.close(descriptor_, false); }

void Signals::on_ready(runtime::Readiness /*readiness*/) {
  signalfd_siginfo signal{};
  while (::read(descriptor_, &signal, sizeof signal) == sizeof signal) on_signal_(static_cast<int>(signal.ssi_signo));
}

}  // namespace fairlead::cli
