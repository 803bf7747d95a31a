// Idle upstream connections of one worker, kept for the next request to the same server.
//
// The one used last is used next, so that surplus ones run into their idle limit. A connection that the server closes
// leaves the cache as soon as the loop tells of it, and its age is a lesson to `IdleLimit`.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "http/h1_client.h"
#include "net/connection.h"
#include "pool/options.h"
#include "pool/server.h"
#include "telemetry/counter.h"

namespace fairlead::pool {

// The idle connections to one server. Outlives its place in a `KeepaliveCaches` while leases are out.
class KeepaliveCache final : public boost::intrusive_ref_counter<KeepaliveCache, boost::thread_unsafe_counter>,
                             private net::IdleWatcher {
 public:
  // An idle connection, and how long it has been that.
  struct Idle {
    std::unique_ptr<http::H1Client> client;
    TimePoint since;
  };

  // `server` is where the connections lead; it outlives the cache or is retired with it. `surplus` counts those that
  // are closed because `max_idle` others are kept.
  KeepaliveCache(Server& server, std::shared_ptr<telemetry::Counter> surplus)
      : server_(server), surplus_(std::move(surplus)) {}
  // The connection to `address` used last that began with `preface`, or null. `address` is the server's, as
  // Server::address() gives it; where it is another than before, the connections to the old one are closed. Null keeps
  // to the old one.
  Idle take(const net::SocketAddress* address, std::string_view preface = {});
  // Keeps a connection to the address last asked for if it is reusable, within `options`; closes it otherwise.
  void put(std::unique_ptr<http::H1Client> client, const net::SocketAddress* address, const KeepaliveOptions& options);
  // Closes the one that has been idle for longest. False where there is none.
  bool close_one();
  // Closes all, and keeps none from here on.
  void retire();
  std::size_t size() const { return idle_.size(); }

 private:
  void on_idle_ended(net::Connection& connection) override;

  Server& server_;
  std::shared_ptr<telemetry::Counter> surplus_;
  const net::SocketAddress* address_ = nullptr;  // where all of them lead
  std::vector<Idle> idle_;                       // the oldest first
  bool is_retired_ = false;
};

// The right to use one upstream connection. Gives it back to the cache when it is destroyed, if it is still fit.
class Lease {
 public:
  // Where the connection comes from: one of the two is set.
  struct Past {
    std::optional<Duration> idle_for = {};      // a kept one, since its last request
    std::optional<Duration> connect_time = {};  // a new one
  };

  Lease(boost::intrusive_ptr<KeepaliveCache> cache, std::unique_ptr<http::H1Client> client,
        const net::SocketAddress* address, const KeepaliveOptions& options, Past past)
      : cache_(std::move(cache)), client_(std::move(client)), address_(address), options_(options), past_(past) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (client_ != nullptr) cache_->put(std::move(client_), address_, options_);
  }

  http::H1Client& operator*() const { return *client_; }
  http::H1Client* operator->() const { return client_.get(); }
  const Past& past() const { return past_; }

 private:
  boost::intrusive_ptr<KeepaliveCache> cache_;
  std::unique_ptr<http::H1Client> client_;
  const net::SocketAddress* address_;
  KeepaliveOptions options_;
  Past past_;
};

// One per worker: a cache for each server of the present snapshot.
class KeepaliveCaches {
 public:
  KeepaliveCaches() = default;
  KeepaliveCaches(const KeepaliveCaches&) = delete;
  KeepaliveCaches& operator=(const KeepaliveCaches&) = delete;
  ~KeepaliveCaches();

  // A server that is not in the present snapshot keeps no connections: when it is gone, another may take its address.
  boost::intrusive_ptr<KeepaliveCache> of(Server& server) const;
  // Drops the caches of servers that are not in `current` and opens those of new ones; call it whenever the snapshot
  // changes.
  void retain(const boost::unordered_flat_set<Server*>& current);
  // Connections closed because as many as `keepalive.max_idle` were kept already. Any thread.
  std::uint64_t surplus() const { return surplus_->value(); }
  // Closes up to `most` idle connections, whichever server they lead to; their descriptors are free at once.
  void close_idle(std::size_t most);
  // Closes all idle connections.
  void clear();

 private:
  boost::intrusive_ptr<KeepaliveCache> new_cache(Server& server) const;

  std::shared_ptr<telemetry::Counter> surplus_ = std::make_shared<telemetry::Counter>();
  boost::unordered_flat_map<Server*, boost::intrusive_ptr<KeepaliveCache>> caches_;
};

}  // namespace fairlead::pool
