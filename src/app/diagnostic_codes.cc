// The codes of all parts of a configuration but those that have a file of their own.
#include <array>

#include "app/diagnostic_lists.h"

namespace fairlead::app {
namespace {

constexpr auto kCodes = std::to_array<DiagnosticCode>({
    {"F0001", "a file cannot be read",
     "The file is missing, may not be read by this user, or is larger than 16 MiB. The message says which.",
     "fairlead check nowhere.yaml", "fairlead check /etc/fairlead/fairlead.yaml"},
    {"F0002", "not valid YAML",
     "A bracket or quote is open, a colon is missing, or a line is indented by the wrong number of spaces. The mistake "
     "is often just above the line that is shown.",
     R"(listen: [:8080
to: 3001)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0003", "a tab used to indent", "YAML indents with spaces. Editors can be told to write spaces for the tab key.",
     R"(listen: :8080
to:
	- 3001)",
     R"(listen: :8080
to:
  - 3001
health: /health)"},
    {"F0004", "not UTF-8 text",
     "A configuration is UTF-8 text without NUL characters. Files from old editors may be in another encoding: save "
     "them as UTF-8.",
     R"(listen: "\0")",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0005", "a key given twice", "Of two equal keys in one map other tools take the last without a word. Keep one.",
     R"(listen: :8080
to: 3001
to: 3002)",
     R"(listen: :8080
to: [3001, 3002]
health: /health)"},
    {"F0006", "too deep or too large",
     "A configuration may be nested 64 levels deep, hold a million values and use 100 aliases. `defaults` says once "
     "what many parts share.",
     "x-deep: "
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]]]]]]]]]]]",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0007", "merge keys",
     "`<<` is not part of YAML 1.2, and tools differ in what it means. `defaults` does the same for pools, routes and "
     "listeners.",
     R"(x-a: &a {warmup: 5s}
to: 3001
defaults: {pool: {<<: *a}})",
     R"(to: 3001
health: /health
defaults: {pool: {warmup: 5s}})"},
    {"F0008", "more than one document",
     "`---` in the middle starts a second document. One file is one configuration; use `include` to split it.",
     R"(to: 3001
---
to: 3002)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0009", "an unknown anchor", "`*name` stands for a value that was marked `&name` above it.",
     R"(listen: *address
to: 3001)",
     R"(x-address: &address :8080
listen: *address
to: 3001
health: /health)"},
    {"F0010", "tags", "Tags such as `!!int` are not needed: each key knows the type of its value.", "to: !!int 3001",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0011", "not a substitution",
     "In any text `${` starts a substitution: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${file:/path}`, "
     "`${cred:name}`. A dollar sign is written `$$`.",
     R"(to: "${PORT")",
     R"(to: "${PORT:-3001}"
health: /health)"},
    {"F0101", "an unknown key",
     "No key has this name at this place. Keys that start with `x-` are yours: they are ignored everywhere.",
     R"(listn: :8080
to: 3001)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0102", "a key that is not supported yet",
     "The key is planned and named in the documentation, but this version does not do it. It is refused, because to "
     "ignore it would be worse.",
     R"(to: 3001
metrics: {enabled: true})",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0103", "a value that is not supported yet",
     "The value is planned, but this version does not do it. The help says what there is instead.",
     R"(listen: https://myapp.com
to: 3001)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F0104", "a key that is missing", "Some keys have no sensible default.", "to: [{weight: 50}]",
     R"(to: [{address: 3001, weight: 50}]
health: /health)"},
    {"F0201", "the wrong kind of value",
     "A map of keys, a list or a single value is expected, and another of these was given. A list with one simple item "
     "may be written as that item.",
     R"(to: 3001
shutdown: 30s)",
     R"(to: 3001
health: /health
shutdown: {grace: 30s})"},
    {"F0202", "not a whole number", "Digits only, without units or a point.",
     R"(to: 3001
workers: 2.5)",
     R"(to: 3001
health: /health
workers: 2)"},
    {"F0203", "a duration without a unit",
     "Some tools count in seconds and some in milliseconds. To be sure, every duration has its unit: `ms`, `s`, `m`, "
     "`h`, `d`.",
     R"(to: 3001
health: {path: /health, every: 30})",
     R"(to: 3001
health: {path: /health, every: 30s})"},
    {"F0204", "out of range", "The help names the range or the values that are allowed.",
     R"(to: 3001
workers: 0)",
     R"(to: 3001
health: /health
workers: 1)"},
    {"F0205", "not a duration",
     "A duration is a number and a unit, as in `250ms`, `5s`, `2m`, `1h`, `7d`. Parts may be joined: `1m30s`.",
     R"(to: 3001
health: {path: /health, every: often})",
     R"(to: 3001
health: {path: /health, every: 5s})"},
    {"F0206", "not one of the words", "The key takes one of a few words. The help lists them or names the nearest.",
     R"(to: 3001
defaults: {pool: {algorithm: fastest}})",
     R"(to: 3001
health: /health
defaults: {pool: {algorithm: least_requests}})"},
    {"F0207", "a key without a value",
     "The line ends after the colon. Give a value, or delete the key to have its default.",
     R"(to: 3001
workers:)",
     R"(to: 3001
health: /health
workers: auto)"},
    {"F0208", "not a boolean", "Only `true` and `false` are booleans; `off`, `no` and `yes` are words.",
     "to: [{address: 3001, backup: yes}, 3002]",
     R"(to: [{address: 3001, backup: true}, 3002]
health: /health)"},
    {"F0209", "not a percentage", "A percentage has its sign, so that `0.5` and `50%` cannot be confused.",
     R"(to: 3001
log: {access: {sample: 0.1}})",
     R"(to: 3001
health: /health
log: {access: {sample: 10%}})"},
    {"F0210", "not a size",
     "A size is a number and a unit: `B`, `KiB`, `MiB`, `GiB` (1024), or `KB`, `MB`, `GB` (1000).",
     R"(to: 3001
defaults: {route: {body: {max: 10}}})",
     R"(to: 3001
health: /health
defaults: {route: {body: {max: 10MiB}}})"},
    {"F0211", "not an address",
     "To listen: `:8080` (every address), `127.0.0.1:8080`, `[::1]:8080`, `unix:/path`. A server: `host:port`, "
     "`[v6]:port`, `unix:/path`, or a port alone for a server on this machine.",
     "to: 127.0.0.1",
     R"(to: 127.0.0.1:3000
health: /health)"},
    {"F0212", "not a host or path",
     "A host is `myapp.com`, `*.myapp.com` or `*`, without a port. A path begins with `/`; `/prefix/*` matches all "
     "below it and `/prefix` itself.",
     R"(listen: :8080
routes:
  - {match: {path: "/api*"}, to: web}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {match: {path: /api/*}, to: web}
pools: {web: {servers: [3001], health: /health}})"},
    {"F0213", "not a set of statuses",
     "Statuses are numbers from 100 to 599 and ranges of them: `200`, `200-299`, `200-299,304`, or a list.",
     R"(to: 3001
health: {path: /health, expect: 2xx})",
     R"(to: 3001
health: {path: /health, expect: 200-299})"},
    {"F0214", "not a usable name",
     "Names appear in commands, metrics and logs. They are made of letters, digits, `_`, `-` and `.`, and have at most "
     "64 of them.",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [{name: "a b", address: 3001}]})",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [{name: a-b, address: 3001}], health: /health})"},
    {"F0215", "not valid in a header",
     "A header's name is one word without spaces; values and content types are printable text.",
     R"(to: 3001
health: {path: /health, headers: {"X Check": a}})",
     R"(to: 3001
health: {path: /health, headers: {X-Check: a}})"},
    {"F0216", "a redirect that leads nowhere",
     "`redirect.to` is an address; `{host}`, `{uri}` (path and query) and `{path}` are those of the request. After "
     "a scheme come `//` and a host, so that no link can choose the host by its path.",
     R"(listen: :8080
routes: [{redirect: {to: "https://{hots}"}}])",
     R"(listen: :8080
routes: [{redirect: {to: "https://{host}{uri}"}}])"},
    {"F0217", "not a method", "Methods are case-sensitive and written in capitals.",
     R"(listen: :8080
routes:
  - {match: {method: get}, to: web}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {match: {method: GET}, to: web}
pools: {web: {servers: [3001], health: /health}})"},
    {"F0218", "not a group of addresses",
     "An address, a network as `10.0.0.0/8` or `2001:db8::/32`, or one of the words `loopback` and `private`. The bits "
     "behind the mask are zero.",
     R"(listeners: {web: {address: ":8080", trusted_proxies: [10.1.2.3/8]}}
routes: [{to: app}]
pools: {app: {servers: [3001], health: /health}})",
     R"(listeners: {web: {address: ":8080", trusted_proxies: [10.0.0.0/8]}}
routes: [{to: app}]
pools: {app: {servers: [3001], health: /health}})"},
    {"F0219", "a secret that can be guessed", "A secret has at least 16 characters, best from `openssl rand -hex 16`.",
     R"(to: 3001
health: /health
defaults: {pool: {sticky: {secret: hunter2}}})",
     R"(to: 3001
health: /health
defaults: {pool: {sticky: {secret: 59d06ae8c1b04d2f93b7f8a12c6e4d90}}})"},
    {"F1001", "two routes with one name",
     "Routes appear in logs and metrics under their names. A route without one is called r1, r2 and so on, by its "
     "place in the list.",
     R"(listen: :8080
routes:
  - {name: a, to: web}
  - {name: a, match: {path: /x}, to: web}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {name: a, to: web}
  - {name: b, match: {path: /x}, to: web}
pools: {web: {servers: [3001], health: /health}})"},
    {"F1002", "a name defined in two files",
     "Included files are merged by name. Which of two definitions would win must not depend on the order of files.",
     R"(# fairlead.yaml and conf.d/web.yaml both say:
pools: {web: {servers: [3001]}})",
     R"(# only conf.d/web.yaml says:
pools: {web: {servers: [3001]}})"},
    {"F1003", "an include that cannot be followed",
     "The file does not exist or cannot be read, includes itself, or includes are nested more than 8 deep. A pattern "
     "with `*` may match nothing; a plain name may not.",
     R"(include: [nowhere.yaml]
to: 3001)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F1004", "a pool that does not exist", "A route's `to` names an entry of `pools`.",
     R"(listen: :8080
routes:
  - {to: wep}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {to: web}
pools: {web: {servers: [3001], health: /health}})"},
    {"F1005", "a listener that does not exist",
     "A route's `listeners` names entries of `listeners`. Without it the route serves them all.",
     R"(listen: :8080
routes:
  - {to: web, listeners: [main]}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {to: web, listeners: [default]}
pools: {web: {servers: [3001], health: /health}})"},
    {"F1006", "a route with no action, or several",
     "A route sends requests `to` a pool, or answers with `redirect` or `respond`: exactly one of the three.",
     R"(listen: :8080
routes:
  - {to: web, respond: {status: 404}}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {to: web}
pools: {web: {servers: [3001], health: /health}})"},
    {"F1007", "a pool without servers",
     "A pool is a group of servers; without one, no request to it could be answered.",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: []})",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [3001], health: /health})"},
    {"F1008", "a server listed twice",
     "Two entries of one pool have the same name or address. To give a server a larger share, raise its `weight`.",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [3001, 127.0.0.1:3001]})",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [{address: 3001, weight: 200}, 3002], health: /health})"},
    {"F1009", "an address used by two listeners", "Only one listener can take the connections of an address and port.",
     R"(listeners: {a: {address: ":80"}, b: {address: ":80"}}
to: 3001)",
     R"(listeners: {a: {address: ":80"}, b: {address: ":81"}}
to: 3001
health: /health)"},
    {"F1010", "a short form beside the long one",
     "`listen` is short for one listener, `to` and `health` for one pool and one route. Use either these or "
     "`listeners`, `routes` and `pools`.",
     R"(listen: :80
listeners: {b: {address: ":81"}}
to: 3001)",
     R"(listen: [":80", ":81"]
to: 3001
health: /health)"},
    {"F1011", "nothing to do", "A configuration needs at least one listener and one route.", "listen: :8080",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F1012", "all weights are 0",
     "A server of weight 0 gets no new requests. If all have it, none can be sent anywhere.",
     "to: [{address: 3001, weight: 0}]",
     R"(to: [{address: 3001, weight: 0}, 3002]
health: /health)"},
    {"F1013", "checks that overlap",
     "A health check must have failed or passed before the next one begins, so `timeout` is at most `every`.",
     R"(to: 3001
health: {path: /health, every: 1s, timeout: 2s})",
     R"(to: 3001
health: {path: /health, every: 5s, timeout: 2s})"},
    {"F1014", "ejections that shrink",
     "A server that keeps failing is ejected for longer each time, from `eject` up to `max_eject`.",
     R"(to: 3001
defaults: {pool: {passive: {eject: 10m, max_eject: 1m}}})",
     R"(to: 3001
health: /health
defaults: {pool: {passive: {eject: 10s, max_eject: 1m}}})"},
    {"F1017", "a method that must not be repeated",
     "A server may have done its work before the connection broke. Sending a POST again could do it twice: two orders, "
     "two payments. Only requests that never reached a server are retried whatever their method.",
     R"(listen: :8080
routes:
  - {to: web, retry: {methods: [GET, POST]}}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {to: web, retry: {methods: [GET, HEAD]}}
pools: {web: {servers: [3001], health: /health}})"},
    {"F1018", "a health check that contradicts itself",
     "`type: http` asks for the page in `path`; `type: tcp` connects, and may `send` something and look for `body` in "
     "the answer; `type: tls` shakes hands; `type: udp` needs `send`. With a `path`, `type` can be left out.",
     R"(to: 3001
health: {type: tcp, path: /health})",
     R"(to: 3001
health: {path: /health})"},
    {"F1019", "a cookie that browsers drop",
     "With `same_site: none` a cookie is sent with requests from other sites, which browsers allow only to cookies "
     "that "
     "are secure.",
     R"(to: 3001
health: /health
defaults: {pool: {sticky: {same_site: none, secure: off}}})",
     R"(to: 3001
health: /health
defaults: {pool: {sticky: {same_site: none, secure: on}}})"},
    {"F1031", "a PROXY header without a trusted proxy",
     "A PROXY header says whose connection it is. Anybody could write one, so it is taken from `trusted_proxies` only: "
     "name the addresses of the load balancer in front.",
     R"(listeners: {web: {address: ":8080", proxy_protocol: require}}
routes: [{to: app}]
pools: {app: {servers: [3001], health: /health}})",
     R"(listeners: {web: {address: ":8080", proxy_protocol: require, trusted_proxies: [10.0.0.0/8]}}
routes: [{to: app}]
pools: {app: {servers: [3001], health: /health}})"},
    {"F1105", "two routes match equally well",
     "The choice of a route never depends on the order of the file: it goes by exact host, longest wildcard, any host; "
     "then exact path, longest prefix; then the number of other conditions; then `priority`. Two routes that agree in "
     "all of it cannot be told apart.",
     R"(listen: :8080
routes:
  - {match: {path: /a}, to: web}
  - {match: {path: /a}, respond: {status: 404}}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {match: {path: /a}, to: web}
  - {match: {path: /a, method: GET}, respond: {status: 404}}
pools: {web: {servers: [3001], health: /health}})"},
    {"F2101", "a value that is missing in the environment",
     "A variable is not set, or a file or credential cannot be read. `${NAME:-default}` gives a default.",
     R"(to: "${APP_PORT}")",
     R"(to: "${APP_PORT:-3001}"
health: /health)"},
    {"F2102", "a server's name that has no address",
     "The name could not be looked up on this machine. It is no error, because it may get its address later: until "
     "then "
     "the server is `unresolved` and gets no requests. `fairlead check --offline` looks nothing up.",
     R"(listen: :8080
to: no-such-host.invalid:3000
health: /health)",
     R"(listen: :8080
to: 127.0.0.1:3000
health: /health)"},
    {"F2201", "a server that is Fairlead itself",
     "Requests to this server would come back to Fairlead's own listener, and go round for ever. The server's address "
     "must be the port that your app listens on.",
     R"(listen: :8080
to: 8080)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F2202", "a pool that could be emptied",
     "With `max_share: 100%` a fault that all servers share, such as a slow database, would eject every one of them "
     "and turn slow answers into none.",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [3001, 3002], passive: {max_share: 100%}})",
     R"(listen: :8080
routes: [{to: web}]
pools:
  web: {servers: [3001, 3002], passive: {max_share: 50%}, health: /health})"},
    {"F3001", "a pool that is never used",
     "No route sends traffic to this pool. Its servers would be checked all the same.",
     R"(listen: :8080
routes:
  - respond: {status: 404}
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
routes:
  - {to: web}
pools: {web: {servers: [3001], health: /health}})"},
    {"F3002", "a pool that is checked only by connecting",
     "A connection succeeds even when every page of the app answers 500. Name a page that returns 200 when the app can "
     "do its work. If connecting is all that can be checked, say so with `health: {type: tcp}`.",
     R"(listen: :8080
to: 3001)",
     R"(listen: :8080
to: [127.0.0.1:3001]
health: /health)"},
    {"F3003", "a listener that no route serves", "Every request to this listener would be answered with 404.",
     R"(listeners: {a: {address: ":80"}, b: {address: ":81"}}
routes: [{listeners: [a], respond: {}}])",
     R"(listeners: {a: {address: ":80"}, b: {address: ":81"}}
routes: [{respond: {}}])"},
    {"F3004", "a waiting line that is never used",
     "Requests wait only while every server has as many in flight as `max_inflight` allows. Without a limit no server "
     "is ever full.",
     R"(listen: :8080
routes: [{to: web}]
pools: {web: {servers: [3001], health: /health, queue: {max: 100}}})",
     R"(listen: :8080
routes: [{to: web}]
pools: {web: {servers: [3001], health: /health, limits: {max_inflight: 50}, queue: {max: 100}}})"},
    {"F3005", "a sticky cookie shared by two pools",
     "Each pool takes the other's cookie for a stale one and sets its own, so that clients that use both stick to "
     "neither.",
     R"(listen: :8080
routes: [{to: web}, {match: {path: /api/*}, to: api}]
pools:
  web: {servers: [3001], health: /health, sticky: cookie}
  api: {servers: [3002], health: /health, sticky: cookie})",
     R"(listen: :8080
routes: [{to: web}, {match: {path: /api/*}, to: api}]
pools:
  web: {servers: [3001], health: /health, sticky: cookie}
  api: {servers: [3002], health: /health, sticky: {cookie: fairlead-api}})"},
});

}  // namespace

std::span<const DiagnosticCode> general_codes() { return kCodes; }

}  // namespace fairlead::app
