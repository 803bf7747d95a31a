#include "pool/keepalive_cache.h"

#include <algorithm>
#include <utility>

namespace fairlead::pool {

namespace {

// We close before the server does: a request sent just as it closes would be lost or have to be repeated.
Duration idle_limit(const http::H1Client& client, const KeepaliveOptions& options) {
  constexpr Duration kMargin = std::chrono::seconds(1);
  const auto advertised = client.idle_limit();
  if (!advertised) return options.idle;
  return *advertised > kMargin ? *advertised - kMargin : *advertised / 2;
}

boost::intrusive_ptr<KeepaliveCache> new_cache() { return {std::make_unique<KeepaliveCache>().release()}; }

}  // namespace

std::unique_ptr<http::H1Client> KeepaliveCache::take(const net::SocketAddress* address, std::string_view preface) {
  if (address != nullptr && std::exchange(address_, address) != address) idle_.clear();
  // Almost always the last one: only a pool with a PROXY header has different ones.
  const auto found = std::ranges::find_if(idle_.rbegin(), idle_.rend(),
                                          [&](const auto& client) { return client->preface() == preface; });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<http::H1Client> client = std::move(*found);
  idle_.erase(std::prev(found.base()));
  client->connection().stop_watching_idle();
  return client;
}

void KeepaliveCache::put(std::unique_ptr<http::H1Client> client, const net::SocketAddress* address,
                         const KeepaliveOptions& options) {
  if (is_retired_ || address != address_ || options.max_idle == 0 || !client->is_reusable()) return;
  if (options.requests && client->exchanges() >= *options.requests) return;
  // Bytes past the end of a response would be taken for the next one.
  if (client->connection().may_have_input() && !client->is_silent()) return;
  if (idle_.size() >= options.max_idle) idle_.erase(idle_.begin());
  net::Connection& connection = client->connection();
  idle_.push_back(std::move(client));
  connection.watch_idle(*this, deadline_after(connection.loop().now(), idle_limit(*idle_.back(), options)));
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
  std::erase_if(idle_, [&](const auto& client) { return &client->connection() == &connection; });
}

KeepaliveCaches::~KeepaliveCaches() { clear(); }

boost::intrusive_ptr<KeepaliveCache> KeepaliveCaches::of(const Server& server) const {
  const auto found = caches_.find(&server);
  if (found != caches_.end()) return found->second;
  auto retired = new_cache();
  retired->retire();
  return retired;
}

void KeepaliveCaches::retain(const boost::unordered_flat_set<const Server*>& current) {
  boost::unordered::erase_if(caches_, [&](const auto& entry) {
    if (current.contains(entry.first)) return false;
    entry.second->retire();
    return true;
  });
  for (const Server* server : current) {
    auto& cache = caches_[server];
    if (cache == nullptr) cache = new_cache();
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
