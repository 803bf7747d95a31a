#include "net/resolver.h"

#include <netdb.h>

#include <cstring>
#include <memory>

namespace fairlead::net {

Lookup look_up(const Endpoint& endpoint) {
  if (const auto address = address_without_lookup(endpoint)) return {.addresses = {*address}};
  const addrinfo hints{.ai_flags = AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) return {.error = ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  Lookup lookup;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    lookup.addresses.push_back(address);
  }
  return lookup;
}

SystemResolver::SystemResolver() : thread_([this] { run(); }) {}

SystemResolver::~SystemResolver() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

void SystemResolver::resolve(const Endpoint& endpoint, std::move_only_function<void(Lookup)> done) {
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({endpoint, std::move(done)});
  }
  has_work_.notify_one();
}

void SystemResolver::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return is_stopping_ || !questions_.empty(); });
    if (is_stopping_) return;
    Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    question.done(look_up(question.endpoint));
    lock.lock();
  }
}

}  // namespace fairlead::net
