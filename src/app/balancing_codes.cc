// The codes of what decides where a request goes: the algorithm of a pool and its options.
#include <array>

#include "app/diagnostic_lists.h"

namespace fairlead::app {
namespace {

constexpr auto kCodes = std::to_array<DiagnosticCode>({
    {"F0230", "not a key to hash",
     "What decides where a request goes: `client_ip`, `path`, `host`, or a `header`, `cookie` or `query` parameter "
     "with "
     "its name behind a colon.",
     R"(to: 3001
health: /health
defaults: {pool: {algorithm: hash, hash: {key: cookie}}})",
     R"(to: 3001
health: /health
defaults: {pool: {algorithm: hash, hash: {key: "cookie:session"}}})"},
    {"F1040", "`hash` without its algorithm",
     "`hash` says how `algorithm: hash` chooses; other algorithms would ignore it. `ip_hash` and `source` are set "
     "forms "
     "of it: to change one, write `algorithm: hash` and its key.",
     R"(to: 3001
health: /health
defaults: {pool: {hash: {key: path}}})",
     R"(to: 3001
health: /health
defaults: {pool: {algorithm: hash, hash: {key: path}}})"},
    {"F1041", "too many servers for `rendezvous`",
     "It looks at every server for every request, so it is for small pools. `maglev` costs the same for any number.",
     R"(to:
    [3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3015, 3016,
     3017, 3018, 3019, 3020, 3021, 3022, 3023, 3024, 3025, 3026, 3027, 3028, 3029, 3030, 3031, 3032,
     3033]
health: /health
defaults: {pool: {algorithm: hash, hash: {table: rendezvous}}})",
     R"(to:
    [3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3015, 3016,
     3017, 3018, 3019, 3020, 3021, 3022, 3023, 3024, 3025, 3026, 3027, 3028, 3029, 3030, 3031, 3032,
     3033]
health: /health
defaults: {pool: {algorithm: hash, hash: {table: maglev}}})"},
    {"F1042", "a subset of a pool that hashes",
     "A key is on one server only if everybody agrees on the servers. With `subset` each Fairlead uses others.",
     R"(to: [3001, 3002, 3003]
health: /health
defaults: {pool: {algorithm: hash, subset: 2}})",
     R"(to: [3001, 3002, 3003]
health: /health
defaults: {pool: {algorithm: hash}})"},
    {"F1100", "`prequal` without its algorithm",
     "`prequal` says how `algorithm: prequal` draws servers; other algorithms would ignore it.",
     R"(to: 3001
health: /health
defaults: {pool: {prequal: {samples: 5}}})",
     R"(to: 3001
health: /health
defaults: {pool: {algorithm: prequal, prequal: {samples: 5}}})"},
    {"F3041", "a hash that changes nothing",
     "`hash` says how `algorithm: hash` finds a server. With another algorithm nothing comes of it.",
     R"(listen: :8080
routes: [{to: app}]
pools: {app: {servers: [3001, 3002], health: /health, hash: {key: client_ip}}})",
     R"(listen: :8080
routes: [{to: app}]
pools: {app: {servers: [3001, 3002], health: /health, algorithm: hash, hash: {key: client_ip}}})"},
    {"F3042", "a slow_factor that changes nothing",
     "In a pool that hashes, the keys that a slow server gives up would move, and sessions with them; besides, one key "
     "may "
     "be slow by nature. So answer times are not compared there.",
     R"(listen: :8080
routes: [{to: app}]
pools: {app: {servers: [3001, 3002], health: /health, algorithm: hash, passive: {slow_factor: 8}}})",
     R"(listen: :8080
routes: [{to: app}]
pools: {app: {servers: [3001, 3002], health: /health, algorithm: hash}})"},
    {"F3040", "zones that change nothing",
     "The servers of Fairlead's own zone come first. So its own `zone` has to be set, and some server has to stand in "
     "it.",
     R"(to: [{address: 10.0.1.10:3000, zone: a}, {address: 10.0.2.10:3000, zone: b}]
health: /health)",
     R"(zone: a
to: [{address: 10.0.1.10:3000, zone: a}, {address: 10.0.2.10:3000, zone: b}]
health: /health)"},
    {"F3043", "a spill_factor that changes nothing",
     "It says when an overloaded zone is helped by others. So servers have to stand in Fairlead's own `zone` and in "
     "another one. In a pool that hashes, the keys that move would be looked for in vain, so load moves none.",
     R"(listen: :8080
routes: [{to: app}]
pools: {app: {servers: [3001, 3002], health: /health, spill_factor: 3}})",
     R"(zone: a
listen: :8080
routes: [{to: app}]
pools:
  app:
    servers: [{address: 10.0.1.10:3000, zone: a}, {address: 10.0.2.10:3000, zone: b}]
    health: /health
    spill_factor: 3)"},
});

}  // namespace

std::span<const DiagnosticCode> balancing_codes() { return kCodes; }

}  // namespace fairlead::app
