#include "app/config_loader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/config_test_support.h"
#include "config/diagnostic_format.h"

namespace fairlead::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ConfigLoader, reads_the_smallest_file) {
  const Options options = loaded("listen: :8080\nto: [3001, 3002]\n").options;
  EXPECT_THAT(options.listeners.at("default").address, ElementsAre(net::Endpoint{"", 8080, ""}));
  ASSERT_EQ(options.pools.at("default").servers.size(), 2U);
  EXPECT_EQ(options.pools.at("default").servers[1].address, (net::Endpoint{"127.0.0.1", 3002, ""}));
  ASSERT_EQ(options.routes.size(), 1U);
  EXPECT_EQ(options.routes[0].to, "default");
}

TEST(ConfigLoader, listens_on_this_machine_only_unless_told_otherwise) {
  EXPECT_EQ(loaded("to: 3001").options.listeners.at("default").address.at(0), (net::Endpoint{"127.0.0.1", 8080, ""}));
}

TEST(ConfigLoader, a_path_makes_the_health_check_http) {
  const auto pool = [](const char* text) { return loaded(text).options.pools.at("default"); };
  EXPECT_EQ(pool("to: 3001").health.type, pool::HealthType::tcp);
  EXPECT_EQ(pool("to: 3001\nhealth: /health").health.type, pool::HealthType::http);
  EXPECT_EQ(pool("to: 3001\nhealth: {path: /h, rise: 1}").health.path, "/h");
}

TEST(ConfigLoader, reads_a_check_that_sends_and_a_unix_socket) {
  const pool::PoolOptions pool = loaded(R"(
listen: :80
to: "unix:/run/redis.sock"
health: {type: tcp, send: "PING\r\n", body: "+PONG"}
)")
                                     .options.pools.begin()
                                     ->second;
  EXPECT_EQ(pool.servers.front().address.unix_path, "/run/redis.sock");
  EXPECT_EQ(pool.health.type, pool::HealthType::tcp);
  EXPECT_EQ(pool.health.send, "PING\r\n");
  EXPECT_EQ(pool.health.body, "+PONG");
}

TEST(ConfigLoader, reads_every_option_of_a_pool) {
  const pool::PoolOptions pool = loaded(R"(
listen: :80
routes: [{to: web}]
pools:
  web:
    servers:
      - {name: a, address: "app1.internal:3000", weight: 400}
      - app2.internal:3000
      - {address: "[::1]:3000", backup: true}
    algorithm: least_conn
    health: {path: /h, every: 7s, timeout: 1s, fall: 4, rise: 5, expect: "200-299,304", body: ok, host: h.example, port: 99, headers: {X-Check: "1"}}
    passive: {failures: 3, window: 31s, min_share: 40%, eject: 11s, max_eject: 6m, max_share: 30%, statuses: [502, 504], timeouts: true, slow_factor: 7}
    last_resort: fail
    warmup: 1m30s
    timeouts: {connect: 250ms}
    keepalive: {idle: 5s, max_idle: 7, requests: 1000}
)")
                                     .options.pools.at("web");
  pool::PoolOptions expected;
  expected.servers = {{.name = "a", .address = {"app1.internal", 3000, ""}, .weight = 400},
                      {.name = "", .address = {"app2.internal", 3000, ""}},
                      {.name = "", .address = {"::1", 3000, ""}, .backup = true}};
  expected.algorithm = pool::Algorithm::least_requests;
  expected.health = {.type = pool::HealthType::http,
                     .path = "/h",
                     .every = 7s,
                     .timeout = 1s,
                     .fall = 4,
                     .rise = 5,
                     .expect = {{{200, 299}, {304, 304}}},
                     .body = "ok",
                     .host = "h.example",
                     .port = 99,
                     .headers = {{"x-check", "1"}}};
  expected.passive = {.failures = 3,
                      .window = 31s,
                      .min_share = Share{0.4},
                      .eject = 11s,
                      .max_eject = 6min,
                      .max_share = Share{0.3},
                      .statuses = {{{502, 502}, {504, 504}}},
                      .timeouts = true,
                      .slow_factor = 7};
  expected.last_resort = pool::LastResort::fail;
  expected.warmup = 90s;
  expected.timeouts.connect = 250ms;
  expected.keepalive = {.idle = 5s, .max_idle = 7, .requests = 1000};
  EXPECT_EQ(pool, expected);
}

// The routes of the file in the next test.
std::vector<proxy::RouteOptions> expected_routes() {
  using Host = proxy::HostPattern;
  using Path = proxy::PathPattern;
  proxy::RouteOptions api;
  api.name = "api";
  api.listeners = {"web"};
  api.match.host = {{Host::Kind::exact, "myapp.com"}, {Host::Kind::wildcard, ".myapp.com"}};
  api.match.path = {{Path::Kind::prefix, "/api/"}};
  api.match.method = {"GET", "POST"};
  api.match.header = {{"x-canary", "1"}};
  api.priority = -3;
  api.to = "web";
  api.retry = {.attempts = 2,
               .on = {proxy::RetryOn::connect},
               .statuses = {{{503, 503}}},
               .methods = {"GET"},
               .budget = Share{0.125}};
  api.hedge = {.after = 30ms, .budget = Share{0.02}};
  api.timeouts = {.total = 5min, .first_byte = 1s, .idle = 2s, .stream_idle = 3h};
  api.body.max = ByteCount{10 * 1024 * 1024};
  api.log = false;
  proxy::RouteOptions old;
  old.name = "r2";
  old.match.path = {{Path::Kind::exact, "/old"}};
  old.redirect = {.to = "https://{host}{path}", .status = 301};
  proxy::RouteOptions robots;
  robots.name = "r3";
  robots.match.path = {{Path::Kind::exact, "/robots.txt"}};
  robots.respond = {.status = 404, .body = "gone", .type = "text/html"};
  proxy::RouteOptions files;
  files.name = "r4";
  files.match.host = {{Host::Kind::exact, "other.com"}};
  files.match.path = {{Path::Kind::prefix, "/static/"}};
  files.to = "web";
  return {api, old, robots, files};
}

TEST(ConfigLoader, reads_every_option_of_listeners_and_routes) {
  const Options options = loaded(R"(
version: 1
listeners:
  web: {address: [":8080", "[::1]:81"], protocol: http, timeouts: {header: 1s, body_idle: 2s, keepalive: 3s}, limits: {header_size: 16KiB, uri_size: 1KiB, fields: 50, connections: 100, per_client: 5, min_rate: 1KiB/s, trailers: 3, trailer_size: 1KiB, chunk_extensions: 9B, pipelined: 7}}
routes:
  - name: api
    listeners: [web]
    match: {host: [MyApp.com, "*.myapp.com"], path: /api/*, method: [GET, POST], header: {X-Canary: "1"}}
    priority: -3
    to: web
    retry: {attempts: 2, on: connect, statuses: [503], methods: [GET], budget: 12.5%}
    hedge: {after: 30ms, budget: 2%}
    timeouts: {total: 5m, first_byte: 1s, idle: 2s, stream_idle: 3h}
    body: {max: 10MiB}
    log: false
  - {match: {path: /old}, redirect: {to: "https://{host}{path}", status: 301}}
  - {match: {path: /robots.txt}, respond: {status: 404, body: gone, type: text/html}}
  - other.com/static/*: web
pools: {web: {servers: [3001], health: /h}}
errors: {detail: full}
log: {access: {output: off, format: combined, sample: 10%, when: errors, fields: [query]}, events: {output: /var/log/x, level: warning}}
shutdown: {delay: 5s, grace: 1m}
limits: {memory: 1GiB, kept_bodies: 64MiB, kept_heads: 8MiB}
workers: 2
x-note: {any: thing}
)")
                              .options;
  Options expected;
  expected.listeners["web"] = {.address = {{"", 8080, ""}, {"::1", 81, ""}},
                               .protocol = proxy::ListenerProtocol::http,
                               .timeouts = {.header = 1s, .body_idle = 2s, .keepalive = 3s},
                               .limits = {.connections = 100,
                                          .per_client = 5,
                                          .min_rate = ByteRate{1024},
                                          .header_size = 16_KiB,
                                          .uri_size = 1_KiB,
                                          .fields = 50,
                                          .trailers = 3,
                                          .trailer_size = 1_KiB,
                                          .chunk_extensions = ByteCount{9},
                                          .pipelined = 7}};
  expected.routes = expected_routes();
  expected.pools["web"].servers = {{.name = "", .address = {"127.0.0.1", 3001, ""}}};
  expected.pools["web"].health.type = pool::HealthType::http;
  expected.pools["web"].health.path = "/h";
  expected.errors.detail = proxy::ErrorDetail::full;
  expected.log = {.access = {.output = "off",
                             .format = LogFormat::combined,
                             .sample = Share{0.1},
                             .when = LogWhen::errors,
                             .fields = {"query"}},
                  .events = {.output = "/var/log/x", .level = LogLevel::warning}};
  expected.shutdown = {.delay = 5s, .grace = 1min};
  expected.limits.memory = ByteCount{1024 * 1024 * 1024};
  expected.limits.kept_bodies = ByteCount{64 * 1024 * 1024};
  expected.limits.kept_heads = ByteCount{8 * 1024 * 1024};
  expected.workers = 2;
  EXPECT_EQ(options, expected);
}

TEST(ConfigLoader, an_option_that_is_off_or_auto_is_absent) {
  const Options options = loaded(R"(
to: 3001
workers: auto
limits: {memory: auto, kept_bodies: auto, kept_heads: auto}
defaults:
  route: {timeouts: {total: off}, body: {max: off}}
  pool: {keepalive: {requests: off}, proxy_protocol: off}
  listener: {limits: {connections: auto, per_client: off}}
)")
                              .options;
  EXPECT_EQ(options, loaded("to: 3001").options);
}

TEST(ConfigLoader, defaults_go_under_every_part_and_lose_to_what_it_says) {
  const Options options = loaded(R"(
listeners: {a: {address: ":1"}, b: {address: ":2", timeouts: {header: 9s}}}
defaults:
  listener: {timeouts: {header: 1s, keepalive: 2s}}
  route: {timeouts: {first_byte: 30s}}
  pool: {health: /health, warmup: 60s}
routes: [a.com: web, {to: api, timeouts: {idle: 1s}}]
pools:
  web: {servers: [3001]}
  api: {servers: [3002], health: {path: /ping, rise: 7}, warmup: 1s}
)")
                              .options;
  EXPECT_EQ(options.listeners.at("b").timeouts.header, 9s);
  EXPECT_EQ(options.listeners.at("b").timeouts.keepalive, 2s);
  EXPECT_EQ(options.routes[0].timeouts.first_byte, 30s);
  EXPECT_EQ(options.routes[1].timeouts.first_byte, 30s);
  EXPECT_EQ(options.routes[1].timeouts.idle, 1s);
  EXPECT_EQ(options.pools.at("web").health.path, "/health");
  EXPECT_EQ(options.pools.at("web").warmup, 60s);
  EXPECT_EQ(options.pools.at("api").health.path, "/ping");
  EXPECT_EQ(options.pools.at("api").warmup, 1s);
}

TEST(ConfigLoader, a_fault_in_defaults_is_reported_once) {
  EXPECT_THAT(codes("defaults: {pool: {warmup: 5}}\nlisten: :1\nroutes: [{to: a}, a.com: b]\n"
                    "pools: {a: {servers: [2], health: /}, b: {servers: [3], health: /}}"),
              ElementsAre("F0203"));
  EXPECT_THAT(codes("defaults: {pool: {warmup: 5}}\nto: 1\nhealth: /"), ElementsAre("F0203"));
}

TEST(ConfigLoader, the_same_tree_in_json_is_accepted) {
  EXPECT_EQ(
      loaded(R"({"listen": ":8080", "to": [3001, "127.0.0.1:3002"], "health": {"path": "/h", "fall": 3}})").options,
      loaded("listen: :8080\nto: [3001, 3002]\nhealth: /h").options);
}

TEST(ConfigLoader, reports_all_faults_of_a_file_at_once) {
  EXPECT_THAT(codes(R"(
listen: 8080
to: [127.0.0.1, 3001, "dns:app:80"]
healt: /health
workers: many
tables: {}
)"),
              ElementsAre("F0211", "F3002", "F0211", "F0103", "F0101", "F0202", "F0102"));
}

TEST(ConfigLoader, shows_the_faults_of_the_specification_as_it_does) {
  const std::string text =
      "listen: :80\n"
      "routes:\n"
      "    - name: a\n"
      "      to: wep\n"
      "pools:\n"
      "  web:\n"
      "    servers: [3001]\n";
  const auto result = load_text("fairlead.yaml", text, config::EmptyEnvironment());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(config::format_human(result.error().at(0), false),
            "error[F1004]: route sends traffic to a pool that does not exist\n"
            " --> fairlead.yaml:4:11\n"
            "  |\n"
            "4 |       to: wep\n"
            "  |           ^^^ no pool is called `wep`\n"
            "help: did you mean `web`? (defined at line 6)   fix: fairlead check --fix\n");
  const auto unit = load_text("fairlead.yaml", "to: [1] \ndefaults: {route: {timeouts: {first_byte: 30}}}",
                              config::EmptyEnvironment());
  ASSERT_FALSE(unit.has_value());
  EXPECT_EQ(config::format_human(unit.error().at(1), false),
            "error[F0203]: a duration needs a unit\n"
            " --> fairlead.yaml:2:43\n"
            "  |\n"
            "2 | defaults: {route: {timeouts: {first_byte: 30}}}\n"
            "  |                                           ^^ 30 what?\n"
            "help: write `30s` for seconds or `30ms` for milliseconds\n");
  const auto warned = loaded("listen: :80\nroutes: [{to: web}]\npools:\n  web:\n    servers: [3001]\n");
  EXPECT_EQ(config::format_human(warned.warnings.at(0), false),
            "warning[F3002]: pool `web` is checked only by connecting; a server that answers every page with 500 would "
            "stay up\n"
            " --> test.yaml:4:3\n"
            "help: add `health: /health` (any page that returns 200 when the app can do its work)\n");
}

TEST(ConfigLoader, counts_what_a_file_sets_up) {
  EXPECT_EQ(summary(loaded("listen: :80\nto: [1, 2]").options), "1 listener, 1 route, 1 pool, 2 servers");
}

TEST(ConfigLoader, says_why_a_file_cannot_be_read) {
  const auto result = load_file("nowhere.yaml", config::EmptyEnvironment());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().at(0).code, "F0001");
  EXPECT_EQ(result.error().at(0).message, "`nowhere.yaml` cannot be read: no such file");
}

TEST(ConfigLoader, loads_twenty_thousand_servers) {
  std::string text = "listen: :80\nroutes: [{to: web}]\npools:\n  web:\n    health: /h\n    servers:\n";
  for (int index = 0; index < 20'000; ++index)
    text += "      - {address: \"10." + std::to_string(index / 256 % 256) + "." + std::to_string(index % 256) +
            ".1:80\", weight: 10}\n";
  EXPECT_EQ(loaded(text).options.pools.at("web").servers.size(), 20'000U);
}

// Flags

TEST(RunFlags, give_the_same_options_as_the_file) {
  const auto result =
      load_flags({.listen = {":8080"}, .to = {"127.0.0.1:3001", "3002"}, .health = "/h", .algorithm = "least_conn"});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->options, loaded("listen: :8080\nto: [3001, 3002]\nhealth: /h").options);
}

std::string flag_fault(const RunFlags& flags) {
  const auto result = load_flags(flags);
  return result ? "" : format_flag_fault(result.error().at(0));
}

TEST(RunFlags, faults_are_worded_for_the_command_line) {
  EXPECT_EQ(flag_fault({.to = {"127.0.0.1"}}),
            "error: `127.0.0.1` has no port. Which port does your app listen on? e.g. --to 127.0.0.1:3000");
  EXPECT_EQ(flag_fault({.listen = {":8080"}, .to = {"127.0.0.1:8080"}}),
            "error: server 127.0.0.1:8080 is Fairlead's own listener; requests would go round for ever (F2201)");
  EXPECT_EQ(flag_fault({.to = {"1"}, .algorithm = "round_robbin"}),
            "error: `round_robbin` is not a word that `algorithm` takes. Did you mean `round_robin`?");
}

TEST(RunFlags, sticky_is_that_of_the_pool) {
  const auto result = load_flags({.to = {"3001", "3002"}, .sticky = "cookie"});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->options, loaded("to: [3001, 3002]\ndefaults: {pool: {sticky: cookie}}").options);
  EXPECT_TRUE(result->options.pools.at("default").sticky.is_on());
  EXPECT_EQ(loaded(to_yaml(result->options)).options, result->options) << to_yaml(result->options);
}

TEST(RunFlags, a_wrong_word_is_the_command_lines_fault_and_a_loop_the_configurations) {
  EXPECT_EQ(flag_fault_exit_code(load_flags({.to = {"127.0.0.1"}}).error().at(0)), 2);
  EXPECT_EQ(flag_fault_exit_code(load_flags({.listen = {":1"}, .to = {"1"}}).error().at(0)), 3);
}

// Options as text

TEST(Limits, a_head_is_at_most_what_a_worker_has_room_for) {
  constexpr std::string_view kFile =
      "listeners: {{a: {{address: \":80\", limits: {{header_size: {}}}}}}}\n"
      "routes: [{{respond: {{}}}}]";
  EXPECT_THAT(codes(fmt::format(kFile, "256KiB")), IsEmpty());
  EXPECT_THAT(codes(fmt::format(kFile, "257KiB")), ElementsAre("F0204"));
}

TEST(SavedConfig, is_nine_lines_that_load_as_the_same_options) {
  const auto flags = load_flags({.listen = {":8080"}, .to = {"3001", "3002"}, .health = "/health"});
  ASSERT_TRUE(flags.has_value());
  const std::string text = to_yaml(flags->options);
  EXPECT_EQ(std::ranges::count(text, '\n'), 9) << text;
  EXPECT_EQ(loaded(text).options, flags->options);
}

TEST(Sticky, by_a_header_or_by_the_apps_cookie_sets_no_cookie) {
  const auto sticky = [](const std::string& text) {
    const Options options = loaded("to: 1\nhealth: /h\ndefaults: {pool: {sticky: " + text + "}}").options;
    EXPECT_EQ(loaded(to_yaml(options)).options, options) << to_yaml(options);
    return options.pools.at("default").sticky;
  };
  EXPECT_EQ(sticky("{header: X-User}").header, "X-User");
  EXPECT_EQ(sticky("{learn: JSESSIONID, ttl: 30m}").learn, "JSESSIONID");
  EXPECT_EQ(sticky("{learn: JSESSIONID}").cookie, "");
  EXPECT_EQ(sticky("cookie").cookie, "fairlead");
  const auto with = [](const std::string& text) {
    return codes("to: 1\nhealth: /h\ndefaults: {pool: {sticky: " + text + "}}");
  };
  EXPECT_THAT(with("{header: X-User, learn: a}"), ElementsAre("F1050"));
  EXPECT_THAT(with("{learn: a, cookie: b}"), ElementsAre("F1050"));
  EXPECT_THAT(with("{header: 'a b'}"), ElementsAre("F0215"));
}

TEST(ConfigLoader, prequal_has_options_which_other_algorithms_refuse) {
  const std::string options = "prequal: {samples: 5, hot: 90%}";
  const Options options_of =
      loaded("to: 1\nhealth: /h\ndefaults: {pool: {algorithm: prequal, " + options + "}}").options;
  const pool::PoolOptions& pool = options_of.pools.begin()->second;
  EXPECT_EQ(pool.algorithm, pool::Algorithm::prequal);
  EXPECT_EQ(pool.prequal, (pool::PrequalOptions{.samples = 5, .hot = Share{0.9}}));
  EXPECT_THAT(codes("to: 1\nhealth: /h\ndefaults: {pool: {" + options + "}}"), ElementsAre("F1100"));
}

TEST(Limits, max_inflight_is_a_number_or_learned) {
  const auto limit = [](const std::string& text) {
    return loaded("to: 1\nhealth: /h\ndefaults: {pool: {limits: {max_inflight: " + text + "}}}")
        .options.pools.at("default")
        .limits.max_inflight;
  };
  EXPECT_EQ(limit("off"), std::nullopt);
  EXPECT_EQ(limit("50"), 50U);
  EXPECT_EQ(limit("auto"), pool::PoolLimits::kLearned);
  EXPECT_THAT(codes("to: 1\nhealth: /h\ndefaults: {pool: {limits: {max_inflight: 0}}}"), ElementsAre("F0204"));
  const Options learned = loaded("to: 1\nhealth: /h\ndefaults: {pool: {limits: {max_inflight: auto}}}").options;
  EXPECT_EQ(loaded(to_yaml(learned)).options, learned) << to_yaml(learned);
}

TEST(SavedConfig, says_in_full_what_the_short_form_cannot) {
  const Options options = loaded(kEverything).options;
  EXPECT_EQ(loaded(to_yaml(options)).options, options) << to_yaml(options);
}

TEST(PrintedConfig, loads_as_the_same_options) {
  const LoadedConfig config = loaded(kEverything);
  EXPECT_EQ(loaded(print_config(config)).options, config.options) << print_config(config);
}

TEST(PrintedConfig, loads_whatever_the_algorithm_and_the_check) {
  for (const std::string_view pool : {"", "algorithm: hash", "algorithm: source", "health: {type: tcp}",
                                      "health: {type: udp, send: a}", "health: {type: tls}", "health: /h"}) {
    const LoadedConfig config = loaded(
        fmt::format("listen: ':80'\nroutes: [{{to: app}}]\npools: {{app: {{servers: [3001, 3002], {}}}}}", pool));
    EXPECT_EQ(loaded(print_config(config)).options, config.options) << pool;
    EXPECT_EQ(loaded(to_yaml(config.options)).options, config.options) << pool;
  }
}

TEST(PrintedConfig, is_not_warned_about_more_than_the_file_it_was_made_of) {
  for (const std::string_view pool : {"", "algorithm: hash", "algorithm: ip_hash", "queue: {max: 5}", "hash: {}",
                                      "limits: {max_inflight: 5}, queue: {max: 5}"}) {
    const std::string file = fmt::format(
        "listen: ':80'\nroutes: [{{to: app}}]\npools: {{app: {{servers: [3001, 3002], health: /h, {}}}}}", pool);
    const std::string printed = print_config(loaded(file));
    if (pool == "hash: {}") {
      EXPECT_THAT(codes(file), ElementsAre("F3041"));
      EXPECT_THAT(codes(printed), IsEmpty());
    } else {
      EXPECT_EQ(codes(printed), codes(file)) << pool;
    }
  }
}

TEST(PrintedConfig, says_where_each_value_came_from) {
  const std::string text = print_config(loaded("listen: :80\nto: 3001\nhealth: /h\nshutdown: {grace: 5s}"));
  EXPECT_THAT(text, HasSubstr("grace: 5s  # test.yaml:4\n"));
  EXPECT_THAT(text, HasSubstr("delay: 0s  # default\n"));
  EXPECT_THAT(text, HasSubstr("path: /h  # test.yaml:3\n"));
  const auto flags = load_flags({.to = {"3001"}});
  ASSERT_TRUE(flags.has_value());
  EXPECT_THAT(print_config(*flags), HasSubstr("address: 127.0.0.1:3001  # flag --to\n"));
}

}  // namespace
}  // namespace fairlead::app
