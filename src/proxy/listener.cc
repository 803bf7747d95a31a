#include "proxy/listener.h"

#include <cerrno>

namespace fairlead::proxy {

namespace {

// The connection was gone before it was accepted: the next one may be fine (accept(2), "Error handling").
bool is_about_one_connection(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN || error == EHOSTUNREACH ||
         error == ENETUNREACH || error == EPERM;
}

}  // namespace

Listener::Listener(Context& context, SessionList& sessions, runtime::TaskGroup& tasks,
                   std::shared_ptr<const SessionSettings> settings, int descriptor)
    : context_(context), sessions_(sessions), tasks_(tasks), settings_(std::move(settings)), descriptor_(descriptor) {
  context_.loop.watch(descriptor_, *this);
}

Listener::~Listener() { context_.loop.unwatch(descriptor_); }

void Listener::on_ready(runtime::Readiness readiness) {
  if (readiness.readable) accept_all();
}

void Listener::accept_all() {
  while (true) {
    const runtime::Accepted accepted = context_.loop.accept(descriptor_);
    if (accepted.descriptor >= 0) {
      auto session = std::make_unique<Session>(context_, settings_, accepted);
      sessions_.push_back(*session);
      tasks_.start(Session::serve(std::move(session)));
    } else if (!is_about_one_connection(accepted.error)) {
      if (accepted.error != EAGAIN) {
        context_.counters.failures[static_cast<std::size_t>(ErrorCode::out_of_resources)].add();
        context_.loop.timers().set(*this, context_.loop.now() + kPause);
      }
      return;
    }
  }
}

}  // namespace fairlead::proxy
