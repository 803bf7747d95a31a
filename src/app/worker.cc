#include "app/worker.h"

#include <algorithm>

#include "net/kept_bytes.h"

namespace fairlead::app {

Worker::Worker(runtime::EventLoop& loop, std::uint64_t seed, pool::SuspectListener& suspects)
    : loop_(loop),
      suspects_(suspects),
      random_(seed),
      access_log_(random_),
      context_{.loop = loop,
               .workspace = workspace_,
               .random = random_,
               .upstream = upstream_,
               .access_log = access_log_,
               .counters = counters_},
      leaving_servers_(loop, sessions_),
      tasks_(loop),
      stopping_(loop) {}

Worker::~Worker() = default;

void Worker::apply(const WorkerPlan& plan) {
  if (plan.memory) apply(*plan.memory);
  if (context_.view != nullptr) leaving_servers_.add(context_.view->snapshot(), *plan.snapshot);
  context_.view.reset(std::make_unique<proxy::SnapshotView>(plan.snapshot, random_, suspects_).release());
  boost::unordered_flat_set<pool::Server*> current;
  for (const auto& pool : plan.snapshot->pools) {
    for (const pool::Member& member : pool->members()) current.insert(member.server.get());
  }
  upstream_.retain(current);

  log_writer_ = plan.access_log.writer;
  if (plan.access_log.ring != nullptr) {
    access_log_.open(plan.access_log.settings, *plan.access_log.ring, *log_writer_);
  } else {
    access_log_.close();
  }

  std::erase_if(listeners_, [&](const auto& entry) {
    const bool stays = std::ranges::find(plan.listeners, entry.first, &ListenerPlan::socket) != plan.listeners.end();
    if (!stays) entry.second->accept_waiting();
    return !stays;
  });
  for (const ListenerPlan& listener : plan.listeners) {
    auto& kept = listeners_[listener.socket];
    if (kept != nullptr) {
      kept->set_settings(listener.settings);
    } else {
      kept = std::make_unique<proxy::Listener>(context_, sessions_, tasks_, listener.settings, listener.socket);
    }
  }
}

void Worker::apply(const WorkerMemory& memory) {
  workspace_.memory.set_limit(memory.connections);
  workspace_.unfinished_heads.set_limit(memory.unfinished_heads);
  workspace_.pipes.set_most_in_use(memory.pipes);
  net::KeptBytes::set_much(memory.much_kept);
}

void Worker::drain() {
  for (const auto& [socket, listener] : listeners_) listener->accept_waiting();
  listeners_.clear();
  for (auto& [listener, sessions] : sessions_) sessions.stop_when_idle();
}

void Worker::cut() {
  listeners_.clear();
  for (auto& [listener, sessions] : sessions_) sessions.cut();
}

void Worker::stop(std::move_only_function<void()> done) {
  cut();
  stopping_.start(finish(std::move(done)));
}

runtime::Task<void> Worker::finish(std::move_only_function<void()> done) {
  co_await tasks_.join();
  upstream_.clear();
  context_.view.reset();
  // Not from within: this task itself must be gone by then.
  loop_.post_from_anywhere(std::move(done));
}

}  // namespace fairlead::app
