// The helpers of config_test_support.h. In a file named as a test, so that they stay out of the program.
#include <gtest/gtest.h>

#include "app/config_test_support.h"
#include "config/diagnostic_format.h"

namespace fairlead::app {

LoadedConfig loaded(std::string_view text) {
  LoadResult result = load_text("test.yaml", std::string(text), config::EmptyEnvironment());
  if (result) return std::move(*result);
  ADD_FAILURE() << config::format_human(result.error(), false);
  return {};
}

config::Diagnostics diagnostics(std::string_view text) {
  LoadResult result = load_text("test.yaml", std::string(text), config::EmptyEnvironment());
  return result ? result->warnings : result.error();
}

std::vector<std::string> codes(std::string_view text) {
  std::vector<std::string> all;
  for (const config::Diagnostic& diagnostic : diagnostics(text)) all.push_back(diagnostic.code);
  return all;
}

const std::string_view kEverything = R"(
listeners:
  web: {address: [":8080", "[::1]:81"], protocol: http, timeouts: {header: 1s}, limits: {header_size: 16KiB}}
routes:
  - name: api
    listeners: [web]
    match: {host: [myapp.com, "*.myapp.com"], path: /api/*, method: [GET, POST], header: {x-canary: "1"}}
    priority: -3
    to: web
    retry: {attempts: 2, on: connect, statuses: [503], methods: [GET], budget: 12.5%}
    timeouts: {total: 5m, first_byte: 1s}
    body: {max: 10MiB}
    log: false
  - {match: {path: /old}, redirect: {to: "https://{host}{path}", status: 301}}
  - {match: {path: /new}, respond: {status: 404, body: "price: $$5 # \"gone\"\n", type: text/html}}
  - {match: {path: /*, host: "*"}, respond: {}}
pools:
  web:
    servers: [{name: a, address: "app1:3000", weight: 400, zone: east}, 3001, {address: "unix:/run/app.sock", backup: true}]
    algorithm: hash
    hash: {key: "cookie:sid", table: ring, bounded_load: 150%}
    health: {path: /h, every: 7s, expect: "200-299,304", headers: {x-check: "1"}}
    passive: {max_eject: 6m, max_share: 33.3%, statuses: []}
    keepalive: {requests: 1000}
    last_resort: fail
log: {access: {output: off, sample: 10%, fields: [query]}}
workers: 3
zone: east
)";

}  // namespace fairlead::app
