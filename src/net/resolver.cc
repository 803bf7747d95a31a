#include "net/resolver.h"

#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

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

struct SystemResolver::Desk {
  struct Question {
    Endpoint endpoint;
    std::move_only_function<void(Lookup)> done;
  };

  void run(std::size_t thread, LookUp look_up);

  std::mutex mutex;
  std::condition_variable has_work;
  std::deque<Question> questions;
  std::array<bool, kThreads> is_busy{};
  bool is_stopping = false;
};

void SystemResolver::Desk::run(std::size_t thread, LookUp look_up) {
  std::unique_lock lock(mutex);
  while (true) {
    has_work.wait(lock, [this] { return is_stopping || !questions.empty(); });
    if (is_stopping) return;
    Question question = std::move(questions.front());
    questions.pop_front();
    is_busy[thread] = true;
    lock.unlock();
    Lookup lookup = look_up(question.endpoint);
    lock.lock();
    is_busy[thread] = false;
    // Told under the lock, so that whoever destroys the resolver can be sure that nobody is called any more.
    if (!is_stopping) question.done(std::move(lookup));
  }
}

SystemResolver::SystemResolver(LookUp look_up) : desk_(std::make_shared<Desk>()) {
  for (std::size_t thread = 0; thread < kThreads; ++thread)
    threads_[thread] = std::thread([desk = desk_, thread, look_up] { desk->run(thread, look_up); });
}

SystemResolver::~SystemResolver() {
  std::array<bool, kThreads> is_busy{};
  {
    const std::lock_guard lock(desk_->mutex);
    desk_->is_stopping = true;
    is_busy = desk_->is_busy;
  }
  desk_->has_work.notify_all();
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    // The system's lookup can be neither interrupted nor waited for: it may take half a minute.
    if (is_busy[thread])
      threads_[thread].detach();
    else
      threads_[thread].join();
  }
}

void SystemResolver::resolve(const Endpoint& endpoint, std::move_only_function<void(Lookup)> done) {
  {
    const std::lock_guard lock(desk_->mutex);
    desk_->questions.push_back({endpoint, std::move(done)});
  }
  desk_->has_work.notify_one();
}

}  // namespace fairlead::net
