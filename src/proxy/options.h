// What a configuration says of listeners and routes. The names are the keys of the file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "net/endpoint.h"
#include "net/ip_range.h"
#include "pool/options.h"

namespace fairlead::proxy {

using namespace std::chrono_literals;

struct ListenerTimeouts {
  Duration header = 10s;     // for the whole request head, from its first byte
  Duration body_idle = 30s;  // between two pieces of a request body
  Duration keepalive = 75s;  // between two requests
  friend bool operator==(const ListenerTimeouts&, const ListenerTimeouts&) = default;
};

struct ListenerLimits {
  std::optional<std::uint32_t> connections;  // at once; empty: what the file descriptors of the process allow
  std::optional<std::uint32_t> per_client;   // of one address; empty: no limit
  // Of a body, either way; empty: no limit.
  std::optional<ByteRate> min_rate = ByteRate{240};
  ByteCount header_size = 64_KiB;
  ByteCount uri_size = 16_KiB;
  std::uint32_t fields = 128;
  std::uint32_t trailers = 32;
  ByteCount trailer_size = 8_KiB;               // of all trailers of a body
  ByteCount chunk_extensions = ByteCount{256};  // in one chunk
  std::uint32_t pipelined = 1000;               // requests in a row that do not wait for an answer
  friend bool operator==(const ListenerLimits&, const ListenerLimits&) = default;
};

// What is done with the spellings of a path that servers read in different ways.
enum class DuplicateSlashes : std::uint8_t { merge, keep };
enum class EncodedSlashes : std::uint8_t { refuse, keep };

struct PathOptions {
  DuplicateSlashes duplicate_slashes = DuplicateSlashes::merge;
  EncodedSlashes encoded_slashes = EncodedSlashes::refuse;
  friend bool operator==(const PathOptions&, const PathOptions&) = default;
};

// Whether connections begin with a PROXY header: never, perhaps, always.
enum class ProxyProtocol : std::uint8_t { off, accept, require };

enum class ListenerProtocol : std::uint8_t { automatic, http };

struct ListenerOptions {
  std::vector<net::Endpoint> address;
  ListenerProtocol protocol = ListenerProtocol::automatic;  // automatic: http, but port 443 is kept for https
  ListenerTimeouts timeouts;
  ListenerLimits limits;
  PathOptions path;
  ProxyProtocol proxy_protocol = ProxyProtocol::off;
  std::vector<net::IpGroup> trusted_proxies;
  friend bool operator==(const ListenerOptions&, const ListenerOptions&) = default;
};

// `myapp.com`, `*.myapp.com` or `*`, in lower case.
struct HostPattern {
  enum class Kind : std::uint8_t { exact, wildcard, any } kind = Kind::any;
  std::string name;  // exact: the host; wildcard: what follows the `*`, with its dot; any: empty
  friend bool operator==(const HostPattern&, const HostPattern&) = default;
};

// `/exact` or `/prefix/*`. A prefix also matches its own path without the last slash: `/api/*` matches `/api`.
struct PathPattern {
  enum class Kind : std::uint8_t { exact, prefix } kind = Kind::prefix;
  std::string text;  // prefix: without the `*`
  friend bool operator==(const PathPattern&, const PathPattern&) = default;
};

struct MatchOptions {
  std::vector<HostPattern> host;
  std::vector<PathPattern> path;
  std::vector<std::string> method;
  std::map<std::string, std::string> header;  // name in lower case to the exact value
  friend bool operator==(const MatchOptions&, const MatchOptions&) = default;
};

struct RedirectOptions {
  std::string to = "https://{host}{uri}";  // placeholders: {host} {uri} {path}
  std::uint16_t status = 308;              // 301, 302, 303, 307, 308
  friend bool operator==(const RedirectOptions&, const RedirectOptions&) = default;
};

struct RespondOptions {
  std::uint16_t status = 200;
  std::string body;
  std::string type = "text/plain";
  friend bool operator==(const RespondOptions&, const RespondOptions&) = default;
};

enum class RetryOn : std::uint8_t { connect, reset };

struct RetryOptions {
  std::uint32_t attempts = 1;  // tries after the first
  std::vector<RetryOn> on{RetryOn::connect, RetryOn::reset};
  pool::StatusSet statuses;  // responses that are retried; none unless listed
  std::vector<std::string> methods{"GET", "HEAD", "OPTIONS"};
  Share budget{0.2};  // retries as a share of requests
  friend bool operator==(const RetryOptions&, const RetryOptions&) = default;
};

// A second server for a request whose first one is late.
struct HedgeOptions {
  std::optional<Duration> after;  // until the first byte; empty: the 95th percentile of the pool
  Share budget{0.05};             // second tries as a share of requests
  friend bool operator==(const HedgeOptions&, const HedgeOptions&) = default;
};

struct RouteTimeouts {
  std::optional<Duration> total;  // whole exchange; empty: no limit
  Duration first_byte = 60s;
  std::optional<Duration> per_try;  // until the response begins, for one of several tries; empty: `first_byte` alone
  Duration idle = 60s;              // between two pieces of a response body
  Duration stream_idle = 1h;        // upgraded connections and event streams
  friend bool operator==(const RouteTimeouts&, const RouteTimeouts&) = default;
};

struct BodyOptions {
  std::optional<ByteCount> max;     // empty: no limit
  std::optional<ByteCount> buffer;  // so much of it is kept, to be sent again; empty: none
  friend bool operator==(const BodyOptions&, const BodyOptions&) = default;
};

struct RouteOptions {
  std::string name;                    // default r1, r2, …
  std::vector<std::string> listeners;  // empty: all
  MatchOptions match;
  std::int32_t priority = 0;
  // Exactly one of `to`, `redirect`, `respond`.
  std::string to;
  std::optional<RedirectOptions> redirect;
  std::optional<RespondOptions> respond;
  RetryOptions retry;
  std::optional<HedgeOptions> hedge;
  RouteTimeouts timeouts;
  BodyOptions body;
  bool log = true;
  friend bool operator==(const RouteOptions&, const RouteOptions&) = default;
};

enum class ErrorDetail : std::uint8_t { automatic, full, none };

struct ErrorOptions {
  ErrorDetail detail = ErrorDetail::automatic;
  friend bool operator==(const ErrorOptions&, const ErrorOptions&) = default;
};

}  // namespace fairlead::proxy
