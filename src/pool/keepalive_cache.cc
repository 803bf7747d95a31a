#include "pool/keepalive_cache.h"

#include <algorithm>
#include <utility>

#include "base/prefetch.h"

namespace fairlead::pool {

namespace {

// What the server announced (`Keep-Alive: timeout`, RFC 2068, 19.7.1.1), less a margin, within `most`.
Duration announced_limit(const http::H1Client& client, Duration most) {
  constexpr Duration kMargin = std::chrono::seconds(1);
  const auto announced = client.idle_limit();
  if (!announced) return most;
  return std::min(most, *announced > kMargin ? *announced - kMargin : *announced / 2);
}

}  // namespace

KeepaliveCache::Idle KeepaliveCache::take(const net::SocketAddress* address, std::string_view preface) {
  if (address != nullptr && std::exchange(address_, address) != address) idle_.clear();
  // Almost always the last one: only a pool with a PROXY header has different ones.
  const auto found = std::ranges::find_if(idle_.rbegin(), idle_.rend(),
                                          [&](const Idle& idle) { return idle.client->preface() == preface; });
  if (found == idle_.rend()) return {};
  // Since they were put here, the server may have been found to keep them for a shorter time.
  const TimePoint now = found->client->connection().loop().now();
  const Duration age = now - found->since;
  if (server_.idle_limit().at_most(age, now) < age) {
    idle_.erase(idle_.begin(), found.base());
    return {};
  }
  Idle newest = std::move(*found);
  prefetch(newest.client.get(), sizeof *newest.client);  // It is used next, and may have been idle for long.
  idle_.erase(std::prev(found.base()));
  newest.client->connection().stop_watching_idle();
  return newest;
}

void KeepaliveCache::put(std::unique_ptr<http::H1Client> client, const net::SocketAddress* address,
                         const KeepaliveOptions& options) {
  if (is_retired_ || address != address_ || options.max_idle == 0 || !client->is_reusable()) return;
  client->forget_response();
  if (options.requests && client->exchanges() >= *options.requests) return;
  // Bytes past the end of a response would be taken for the next one.
  if (client->connection().may_have_input() && !client->is_silent()) return;
  if (idle_.size() >= options.max_idle) {
    surplus_->add();
    idle_.erase(idle_.begin());
  }
  net::Connection& connection = client->connection();
  const TimePoint now = connection.loop().now();
  const Duration limit = server_.idle_limit().at_most(announced_limit(*client, options.idle), now);
  idle_.push_back({.client = std::move(client), .since = now});
  connection.watch_idle(*this, deadline_after(now, limit));
}

bool KeepaliveCache::close_one() {
  if (idle_.empty()) return false;
  idle_.erase(idle_.begin());
  return true;
}

void KeepaliveCache::retire() {
  is_retired_ = true;
  idle_.clear();
}

void KeepaliveCache::on_idle_ended(net::Connection& connection) {
  const auto ended =
      std::ranges::find_if(idle_, [&](const Idle& idle) { return &idle.client->connection() == &connection; });
  const TimePoint now = connection.loop().now();
  const bool was_the_server = connection.has_hung_up() || connection.is_lost();
  if (was_the_server) server_.idle_limit().record_close(now - ended->since, now);
  idle_.erase(ended);
}

boost::intrusive_ptr<KeepaliveCache> KeepaliveCaches::new_cache(Server& server) const {
  return {std::make_unique<KeepaliveCache>(server, surplus_).release()};
}

KeepaliveCaches::~KeepaliveCaches() { clear(); }

boost::intrusive_ptr<KeepaliveCache> KeepaliveCaches::of(Server& server) const {
  const auto found = caches_.find(&server);
  if (found != caches_.end()) return found->second;
  auto retired = new_cache(server);
  retired->retire();
  return retired;
}

void KeepaliveCaches::retain(const boost::unordered_flat_set<Server*>& current) {
  boost::unordered::erase_if(caches_, [&](const auto& entry) {
    if (current.contains(entry.first)) return false;
    entry.second->retire();
    return true;
  });
  for (Server* server : current) {
    auto& cache = caches_[server];
    if (cache == nullptr) cache = new_cache(*server);
  }
}

void KeepaliveCaches::close_idle(std::size_t most) {
  for (const auto& [server, cache] : caches_)
    while (most > 0 && cache->close_one()) --most;
}

void KeepaliveCaches::clear() {
  for (const auto& [server, cache] : caches_) cache->retire();
  caches_.clear();
}

}  // namespace fairlead::pool
