// What a configuration says of a pool and its servers. The names are the keys of the file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "net/endpoint.h"
#include "pool/hash_options.h"
#include "pool/sticky_options.h"

namespace fairlead::pool {

using namespace std::chrono_literals;

// HTTP statuses as inclusive ranges: `200-299,304`.
struct StatusSet {
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ranges;
  bool contains(int status) const {
    for (const auto& [low, high] : ranges)
      if (status >= low && status <= high) return true;
    return false;
  }
  friend bool operator==(const StatusSet&, const StatusSet&) = default;
};

struct ServerOptions {
  std::string name;  // empty: the address
  net::Endpoint address;
  std::uint32_t weight = 100;                 // 0 keeps the server but gives it no new requests
  bool backup = false;                        // used only while no other server can serve
  std::optional<std::uint32_t> max_inflight;  // requests at once; empty: as the pool's limits say
  std::string zone;                           // where it stands; empty: everywhere is near
  friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

// Whether the server stands elsewhere than this Fairlead.
inline bool is_far(const ServerOptions& server, std::string_view own_zone) {
  return !own_zone.empty() && !server.zone.empty() && server.zone != own_zone;
}

enum class Algorithm : std::uint8_t {
  round_robin,
  least_requests,
  p2c,
  ewma,
  prequal,
  random,
  first,
  hash,
  ip_hash,
  source
};

struct PrequalOptions {
  std::uint32_t samples = 3;  // servers drawn for each request
  Share hot{0.84};            // a server is hot when it is busier than this share of those that were drawn
  friend bool operator==(const PrequalOptions&, const PrequalOptions&) = default;
};

enum class HealthType : std::uint8_t { tcp, http, tls, udp };

struct HealthOptions {
  HealthType type = HealthType::tcp;  // http where `path` is set
  std::string path;
  Duration every = 5s;
  Duration timeout = 2s;
  std::uint32_t fall = 3;
  std::uint32_t rise = 2;
  StatusSet expect{{{200, 399}}};
  std::string send;        // what a TCP or UDP check sends; empty: nothing
  std::string body;        // text that the answer must contain
  std::string host;        // Host header of the check; empty: the server's address
  std::uint16_t port = 0;  // 0: the server's port
  std::map<std::string, std::string> headers;

  // Such a check says nothing of the app behind the port.
  bool only_connects() const { return type == HealthType::tcp && send.empty() && body.empty(); }
  friend bool operator==(const HealthOptions&, const HealthOptions&) = default;
};

struct PassiveOptions {
  std::uint32_t failures = 5;
  Duration window = 30s;
  Share min_share{0.5};
  Duration eject = 10s;
  Duration max_eject = 5min;
  Share max_share{0.5};
  StatusSet statuses{{{502, 504}}};
  bool timeouts = false;  // a response that does not begin in time counts too
  std::optional<std::uint32_t> slow_factor =
      5;  // a server as many times slower than the others is slow; empty: none is
  friend bool operator==(const PassiveOptions&, const PassiveOptions&) = default;
};

enum class LastResort : std::uint8_t { try_anyway, fail };

// Which version of the PROXY protocol servers get.
enum class SendProxy : std::uint8_t { off, v1, v2 };

struct PoolTimeouts {
  Duration connect = 2s;
  friend bool operator==(const PoolTimeouts&, const PoolTimeouts&) = default;
};

struct KeepaliveOptions {
  Duration idle = 4s;
  std::uint32_t max_idle = 128;           // idle connections kept per server and worker
  std::optional<std::uint32_t> requests;  // requests per connection; empty: no limit
  friend bool operator==(const KeepaliveOptions&, const KeepaliveOptions&) = default;
};

// The waiting line for requests that find every usable server at its limit.
struct QueueOptions {
  std::uint32_t max = 1000;  // requests that wait, of all workers together; 0: none does
  Duration timeout = 5s;
  Duration target = 500ms;  // instead of `timeout`, where the line has not been empty for as long as that
  friend bool operator==(const QueueOptions&, const QueueOptions&) = default;
};

struct PoolLimits {
  static constexpr std::uint32_t kLearned = 0;  // `auto`
  std::optional<std::uint32_t> max_inflight;    // requests at once on each server; empty: no limit
  // Of one response.
  ByteCount header_size = 64_KiB;
  std::uint32_t fields = 128;
  std::uint32_t interim = 16;  // heads (1xx) before the final one
  std::uint32_t trailers = 32;
  ByteCount trailer_size = 8_KiB;               // of all trailers of a body
  ByteCount chunk_extensions = ByteCount{256};  // in one chunk
  friend bool operator==(const PoolLimits&, const PoolLimits&) = default;
};

struct PoolOptions {
  std::vector<ServerOptions> servers;
  Algorithm algorithm = Algorithm::least_requests;
  HashOptions hash;                     // of `algorithm: hash`
  PrequalOptions prequal;               // of `algorithm: prequal`
  std::optional<std::uint32_t> subset;  // servers that this Fairlead uses; empty: all
  // How many times slower than at ease the own zone answers before others take a part; empty: load moves nothing.
  std::optional<std::uint32_t> spill_factor = 2;
  HealthOptions health;
  PassiveOptions passive;
  LastResort last_resort = LastResort::try_anyway;
  Duration warmup = 10s;
  Duration drain = 30s;
  PoolTimeouts timeouts;
  KeepaliveOptions keepalive;
  StickyOptions sticky;
  QueueOptions queue;
  PoolLimits limits;
  SendProxy proxy_protocol = SendProxy::off;
  friend bool operator==(const PoolOptions&, const PoolOptions&) = default;
};

// How the pool's algorithm hashes; empty where it does not. `ip_hash` and `source` are set forms of `hash`, without a
// bound, since those who come from nginx or HAProxy may keep their users' sessions on the servers.
std::optional<HashOptions> hashing_of(const PoolOptions& options);

// How many times slower than the others a server may answer; empty where that is not looked at. Where the algorithm
// hashes it is not: a key may be slow by nature, and with a server's share its keys would move, sessions among them.
std::optional<std::uint32_t> slow_factor_of(const PoolOptions& options);

// How many times slower the own zone's answers may get; empty where that is not looked at, as where the algorithm
// hashes: a key should be found where it was.
std::optional<std::uint32_t> spill_factor_of(const PoolOptions& options);

}  // namespace fairlead::pool
