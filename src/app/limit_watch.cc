#include "app/limit_watch.h"

#include <fmt/format.h>

#include "app/descriptor_limit.h"
#include "config/scalar.h"

namespace fairlead::app {

namespace {

// Which limit the listener is full by, and how to raise it.
struct Fullness {
  std::string what;
  std::string fix;
};

std::string raise_descriptors() {
  return fmt::format("Raise the limit of open files, now {}: `LimitNOFILE` of the service, or `ulimit -n`.",
                     descriptor_limit());
}

Fullness fullness(const ListenerLoad& load) {
  const std::uint32_t process = load.seats->process().limit();
  if (load.connections && *load.connections <= process) {
    return {fmt::format("the {} connections of `limits.connections`", *load.connections),
            fmt::format("Raise `listeners.{}.limits.connections`, or lower its `timeouts.keepalive`.", load.name)};
  }
  return {fmt::format("the {} connections for which there are file descriptors", process), raise_descriptors()};
}

std::int64_t seconds_of(Duration lasted) { return std::chrono::ceil<std::chrono::seconds>(lasted).count() + 1; }

std::string begin_unkept_text(const proxy::BodyBudget& budget) {
  return fmt::format(
      "The request bodies that `body.buffer` keeps have used the {} of `limits.kept_bodies`: more are passed on "
      "unkept, "
      "and cannot be sent again. Raise `limits.kept_bodies`, or lower `body.buffer` of your routes.",
      config::print_byte_count(budget.limit()));
}

std::string end_unkept_text(std::uint64_t cases, Duration lasted) {
  return fmt::format("Request bodies are kept again: {} were passed on unkept in {}s", cases, seconds_of(lasted));
}

}  // namespace

LimitWatch::LimitWatch(runtime::EventLoop& loop, Read read, const proxy::BodyBudget& kept_bodies, Tell tell)
    : loop_(loop), read_(std::move(read)), kept_bodies_(kept_bodies), tell_(std::move(tell)) {
  loop_.timers().set(*this, loop_.now() + kEvery);
}

void LimitWatch::on_timer() {
  for (const ListenerLoad& load : read_()) {
    auto& episodes = episodes_[load.name];
    for (std::size_t index = 0; index < kLimits; ++index) {
      const auto limit = static_cast<Limit>(index);
      look(
          count_of(load, limit), episodes[index], [&] { return begin_text(load, limit); },
          [&](std::uint64_t cases, Duration lasted) { return end_text(load, limit, cases, lasted); });
    }
  }
  look(kept_bodies_.refused(), unkept_, [&] { return begin_unkept_text(kept_bodies_); }, end_unkept_text);
  loop_.timers().set(*this, loop_.now() + kEvery);
}

template <typename Begin, typename End>
void LimitWatch::look(std::uint64_t count, Episode& episode, Begin begin, End end) {
  const TimePoint now = loop_.now();
  if (count != episode.count) {
    if (episode.over_at == kNever) {
      episode.before = episode.count;
      episode.began = now;
      tell_(pool::Severity::warning, begin());
    }
    episode.count = count;
    episode.over_at = now + kQuiet;
  } else if (episode.over_at <= now) {
    episode.over_at = kNever;
    tell_(pool::Severity::info, end(count - episode.before, now - kQuiet - episode.began));
  }
}

std::uint64_t LimitWatch::count_of(const ListenerLoad& load, Limit limit) {
  const proxy::SeatCounters& counters = load.seats->counters();
  switch (limit) {
    case Limit::shed:
      return counters.shed.load(std::memory_order_relaxed);
    case Limit::refused:
      return counters.refused.load(std::memory_order_relaxed);
    case Limit::refused_clients:
      return counters.refused_clients.load(std::memory_order_relaxed);
    case Limit::exhausted:
      return counters.exhausted.load(std::memory_order_relaxed);
    case Limit::too_slow:
      return counters.too_slow.load(std::memory_order_relaxed);
    case Limit::kept_heads:
      return counters.kept_heads.load(std::memory_order_relaxed);
    case Limit::memory:
      return counters.memory.load(std::memory_order_relaxed);
    case Limit::pipelined:
      return counters.pipelined.load(std::memory_order_relaxed);
    case Limit::count_:
      break;
  }
  return 0;
}

std::string LimitWatch::begin_text(const ListenerLoad& load, Limit limit) {
  const auto [what, fix] = fullness(load);
  switch (limit) {
    case Limit::shed:
      return fmt::format("Listener {} has {}: those that are idle for longest are closed for new ones. {}", load.name,
                         what, fix);
    case Limit::refused:
      return fmt::format("Listener {} has {}, and none of them is idle: new ones are answered 503. {}", load.name, what,
                         fix);
    case Limit::refused_clients:
      return fmt::format(
          "A client of listener {0} has the {1} connections of `limits.per_client`: more are answered 429. Raise "
          "`listeners.{0}.limits.per_client` if many people share one address.",
          load.name, load.per_client.value_or(0));
    case Limit::exhausted:
      return fmt::format(
          "No file descriptor or memory was left for a connection to listener {}: idle ones are closed, new ones wait. "
          "{}",
          load.name, raise_descriptors());
    case Limit::too_slow:
      return fmt::format(
          "A client of listener {0} was cut, because it sends or takes a body more slowly than `limits.min_rate` "
          "({1}). "
          "Lower `listeners.{0}.limits.min_rate` if its network is that slow.",
          load.name, load.min_rate ? config::print_byte_rate(*load.min_rate) : "off");
    case Limit::kept_heads:
      return fmt::format(
          "Request heads whose end does not come have used the memory of `limits.kept_heads`: clients of listener {0} "
          "that send a large head in pieces are answered 503. Raise `limits.kept_heads`, or lower "
          "`listeners.{0}.timeouts.header` if this is an attack.",
          load.name);
    case Limit::memory:
      return fmt::format(
          "Clients and servers have used the memory of `limits.memory` ({}): idle connections are closed, and where "
          "none is, new connections and requests, here of listener {}, are answered 503. Raise `limits.memory`, or the "
          "memory of this machine or container.",
          config::print_byte_count(load.memory), load.name);
    case Limit::pipelined:
      return fmt::format(
          "A client of listener {0} sent as many requests ahead of their answers as `limits.pipelined` allows, and its "
          "connection was closed behind the last of them. Raise `listeners.{0}.limits.pipelined` if it means well.",
          load.name);
    case Limit::count_:
      break;
  }
  return {};
}

std::string LimitWatch::end_text(const ListenerLoad& load, Limit limit, std::uint64_t cases, Duration lasted) {
  static constexpr std::array<std::string_view, kLimits> kWhat{"idle connections were closed for new ones",
                                                               "connections were answered 503",
                                                               "connections of clients with too many were answered 429",
                                                               "times there was nothing left for a new connection",
                                                               "clients were cut for being too slow",
                                                               "unfinished request heads were answered 503",
                                                               "times there was no memory for a connection or request",
                                                               "connections were closed for pipelining too much"};
  return fmt::format("Listener {} is within its limits again: {} {} in {}s", load.name, cases,
                     kWhat[static_cast<std::size_t>(limit)], seconds_of(lasted));
}

}  // namespace fairlead::app
