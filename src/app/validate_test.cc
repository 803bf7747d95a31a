#include "app/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "app/config_test_support.h"

namespace fairlead::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A sound file around the part under test.
std::string with_routes(const std::string& routes) {
  return "listeners: {a: {address: \":80\"}, b: {address: \":81\"}}\nroutes: " + routes +
         "\npools: {web: {servers: [3001], health: /h}}\n";
}

std::string with_pool(const std::string& pool) {
  return "listen: :80\nroutes: [{to: web}]\npools: {web: " + pool + "}\n";
}

TEST(Validate, a_pool_must_exist_and_the_nearest_is_suggested) {
  const auto found = diagnostics(with_routes("[{to: wep}]"));
  ASSERT_THAT(found.size(), 1);
  EXPECT_EQ(found[0].code, "F1004");
  EXPECT_EQ(found[0].path, "routes[0].to");
  EXPECT_EQ(found[0].label, "no pool is called `wep`");
  EXPECT_EQ(found[0].help, "did you mean `web`? (defined at line 3)");
  ASSERT_TRUE(found[0].fix.has_value());
  EXPECT_EQ(found[0].fix->text, "web");
}

TEST(Validate, a_listener_of_a_route_must_exist) {
  EXPECT_THAT(codes(with_routes("[{to: web, listeners: [a, c]}]")), ElementsAre("F1005"));
}

TEST(Validate, references_and_types_are_reported_together) {
  EXPECT_THAT(codes("listen: :80\nroutes: [{to: wep}]\npools: {web: {servers: [3001], warmup: 30}}"),
              ElementsAre("F1004", "F3002", "F0203"));
}

TEST(Validate, does_not_repeat_in_other_words_what_could_not_be_read) {
  EXPECT_THAT(codes("listen: :80\nroutes: [{tto: web}]\npools: {web: {serverss: [3001]}}"),
              ElementsAre("F0101", "F0101"));
  EXPECT_THAT(codes(with_pool("{servers: [a, b], health: /h}")), ElementsAre("F0211", "F0211"));
  EXPECT_THAT(codes(with_routes("[{to: web}, {to: web, match: {host: 'a b'}}]")), ElementsAre("F0212"));
}

TEST(Validate, names_of_routes_are_unique_the_given_and_the_default) {
  EXPECT_THAT(codes(with_routes("[{name: x, to: web}, {name: x, match: {path: /a}, to: web}]")), ElementsAre("F1001"));
  EXPECT_THAT(codes(with_routes("[{name: r2, to: web}, {match: {path: /a}, to: web}]")), ElementsAre("F1001"));
}

TEST(Validate, a_body_that_is_kept_fits_into_the_memory_for_all) {
  const std::string route = "[{to: web, body: {buffer: 2MiB}}]";
  EXPECT_THAT(codes(with_routes(route) + "limits: {kept_bodies: 1MiB}\n"), ElementsAre("F1070"));
  EXPECT_THAT(codes(with_routes(route) + "limits: {kept_bodies: 2MiB}\n"), IsEmpty());
}

TEST(Validate, a_route_does_exactly_one_thing) {
  EXPECT_THAT(codes(with_routes("[{to: web}, {match: {path: /a}}]")), ElementsAre("F1006"));
  EXPECT_THAT(codes(with_routes("[{to: web}, {match: {path: /a}, to: web, respond: {}}]")), ElementsAre("F1006"));
}

TEST(Validate, a_pool_has_servers_each_once_and_some_weight) {
  EXPECT_THAT(codes(with_pool("{servers: [], health: /h}")), ElementsAre("F1007"));
  EXPECT_THAT(codes(with_pool("{health: /h}")), ElementsAre("F1007"));
  EXPECT_THAT(codes(with_pool("{servers: [3001, 127.0.0.1:3001], health: /h}")), ElementsAre("F1008"));
  EXPECT_THAT(codes(with_pool("{servers: [{name: a, address: 1}, {name: a, address: 2}], health: /h}")),
              ElementsAre("F1008"));
  EXPECT_THAT(codes(with_pool("{servers: [{name: a, address: 1}, {name: b, address: 127.0.0.1:1}], health: /h}")),
              ElementsAre("F1008"))
      << "by two names";
  EXPECT_THAT(codes(with_pool("{servers: ['localhost:3001', 3001], health: /h}")), ElementsAre("F1008"));
  EXPECT_THAT(codes(with_pool("{servers: ['[::1]:1', '[0:0::1]:1'], health: /h}")), ElementsAre("F1008"));
  EXPECT_THAT(codes(with_pool("{servers: ['App.internal:1', 'app.internal.:1'], health: /h}")), ElementsAre("F1008"));
  EXPECT_THAT(codes(with_pool("{servers: ['app.internal:1', 'app.internal:2', '127.0.0.1:1'], health: /h}")),
              IsEmpty());
  EXPECT_THAT(codes(with_pool("{servers: [{address: 1, weight: 0}], health: /h}")), ElementsAre("F1012"));
}

TEST(Validate, two_listeners_do_not_share_an_address) {
  const auto with = [](const std::string& a, const std::string& b) {
    return codes("listeners: {a: {address: '" + a + "'}, b: {address: '" + b +
                 "'}}\nroutes: [{to: web}]\npools: {web: {servers: [3001], health: /h}}");
  };
  EXPECT_THAT(with(":80", ":80"), ElementsAre("F1009"));
  EXPECT_THAT(with(":80", "0.0.0.0:80"), ElementsAre("F1009"));
  EXPECT_THAT(with(":80", "*:80"), ElementsAre("F1009"));
  EXPECT_THAT(with("localhost:80", "127.0.0.1:80"), ElementsAre("F1009"));
  EXPECT_THAT(with(":80", "127.0.0.1:80"), IsEmpty());
}

TEST(Validate, short_forms_do_not_stand_beside_the_long_ones) {
  EXPECT_THAT(codes("listen: :80\n" + with_routes("[{to: web}]")), ElementsAre("F1010"));
  EXPECT_THAT(codes("to: 3001\n" + with_routes("[{to: web}]")), ElementsAre("F1010"));
  EXPECT_THAT(codes("health: /h\n" + with_routes("[{to: web}]")), ElementsAre("F1010"));
  EXPECT_THAT(codes("listen: :80\nhealth: /h\n"), testing::Contains("F1010"));
  EXPECT_THAT(codes("listeners: {a: {address: \":80\"}}\nto: 3001\nhealth: /h"), IsEmpty());
}

TEST(Validate, a_file_sets_something_up) {
  EXPECT_THAT(codes(""), ElementsAre("F1011", "F1011"));
  EXPECT_THAT(codes("listen: :80"), ElementsAre("F1011"));
}

TEST(Validate, a_check_ends_before_the_next_one) {
  EXPECT_THAT(codes(with_pool("{servers: [1], health: {path: /h, every: 1s}}")), IsEmpty());
  EXPECT_THAT(codes(with_pool("{servers: [1], health: {path: /h, every: 1s, timeout: 2s}}")), ElementsAre("F1013"));
  EXPECT_THAT(codes(with_pool("{servers: [1], health: {path: /h, timeout: 6s}}")), ElementsAre("F1013"));
}

TEST(Validate, a_check_and_its_type_agree) {
  EXPECT_THAT(codes(with_pool("{servers: [1], health: {type: http}}")), ElementsAre("F1018"));
  EXPECT_THAT(codes(with_pool("{servers: [1], health: {type: tcp, path: /h}}")), ElementsAre("F1018"));
  for (const char* health :
       {"{path: /h, send: x}", "{type: udp}", "{type: udp, body: x}", "{body: ok}", "{type: tcp, expect: 200}",
        "{type: tcp, host: a}", "{type: tls, send: x}", "{type: tls, body: x}", "{type: tls, path: /h}",
        "{type: tls, expect: 200}", "{type: udp, send: x, headers: {a: b}}"})
    EXPECT_THAT(codes(with_pool(std::string("{servers: [1], health: ") + health + "}")), testing::Contains("F1018"))
        << health;
  for (const char* health : {"{type: tls}", "{type: tls, host: app.example}", "{send: x, body: y}",
                             "{type: tcp, body: 220}", "{type: udp, send: x}", "{send: x}"})
    EXPECT_THAT(codes(with_pool(std::string("{servers: [1], health: ") + health + "}")),
                testing::Not(testing::Contains("F1018")))
        << health;
  for (const char* health : {"{type: tcp, port: 80}", "{type: udp, send: x}"})
    EXPECT_THAT(codes(with_pool(std::string("{servers: ['unix:/a'], health: ") + health + "}")),
                testing::Contains("F1018"))
        << health;
}

// The faults of a file with two pools and these `defaults` of health checks.
std::vector<std::string> with_default_health(const std::string& health, const std::string& a, const std::string& b) {
  return codes("listen: :80\nroutes: [{to: a}, {match: {path: /b}, to: b}]\ndefaults: {pool: {health: " + health +
               "}}\npools: {a: {servers: [1], " + a + "}, b: {servers: [2], " + b + "}}");
}

TEST(Validate, defaults_of_checks_speak_of_pools_that_are_checked_in_that_way) {
  const std::string page = "{path: /h, host: app.example, expect: 200, body: ok, every: 9s}";
  EXPECT_THAT(with_default_health(page, "warmup: 1s", "health: {type: tcp}"), IsEmpty());
  EXPECT_THAT(with_default_health(page, "warmup: 1s", "health: {type: udp, send: x}"), IsEmpty());
  EXPECT_THAT(with_default_health("{type: udp, send: x}", "warmup: 1s", "health: /h"), IsEmpty());
  EXPECT_THAT(with_default_health("{host: app.example}", "health: /h", "health: {type: tcp}"), IsEmpty());
  EXPECT_THAT(with_default_health("{host: app.example}", "health: {type: tcp}", "health: {type: tcp}"),
              ElementsAre("F1018"))
      << "of which there is none";
  EXPECT_THAT(with_default_health(page, "warmup: 1s", "health: {type: tcp, expect: 200}"), ElementsAre("F1018"))
      << "what a pool says itself is its own";
}

TEST(Validate, a_check_can_pass) {
  EXPECT_THAT(codes(with_pool("{servers: [1], health: {path: /h, expect: []}}")), ElementsAre("F1018"));
}

TEST(Validate, good_responses_are_no_failures) {
  EXPECT_THAT(codes(with_pool("{servers: [1], health: /h, passive: {statuses: [200, 500]}}")), ElementsAre("F1060"));
  EXPECT_THAT(codes(with_pool("{servers: [1], health: /h, passive: {statuses: [429, 500-599]}}")), IsEmpty());
}

TEST(Validate, a_share_that_is_less_than_one_server_is_pointed_out) {
  const auto with = [](const std::string& servers, const std::string& share) {
    return diagnostics(with_pool("{servers: [" + servers + "], health: /h, passive: {max_share: " + share + "}}"));
  };
  const auto found = with("1, 2, 3", "33%");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "F3060");
  EXPECT_EQ(found[0].path, "pools.web.passive.max_share");
  EXPECT_EQ(found[0].help, "make it at least 34%; `0%` says that none shall be ejected");
  EXPECT_THAT(with("1, 2, 3", "34%"), IsEmpty());
  EXPECT_THAT(with("1, 2, 3", "0%"), IsEmpty());
  EXPECT_THAT(with("1", "10%"), IsEmpty());
  EXPECT_THAT(codes(with_pool("{servers: [1], health: /h}")), IsEmpty());
}

TEST(Validate, help_for_the_own_zone_needs_another_zone_and_requests_that_may_go_there) {
  const auto with = [](const std::string& top, const std::string& zones, const std::string& more) {
    return codes(top + with_pool("{servers: [{address: 1, zone: a}, {address: 2, zone: " + zones +
                                 "}], health: /h, spill_factor: 3" + more + "}"));
  };
  EXPECT_THAT(with("zone: a\n", "b", ""), IsEmpty());
  EXPECT_THAT(with("zone: a\n", "b", ", algorithm: hash"), ElementsAre("F3043"));
  EXPECT_THAT(with("zone: a\n", "a", ""), ElementsAre("F3043"));
  EXPECT_THAT(with("zone: a\n", "b, backup: true", ""), ElementsAre("F3043"));
  EXPECT_THAT(with("", "b", ""), ElementsAre("F3040", "F3043"));
}

TEST(Validate, live_traffic_cannot_empty_a_pool) {
  EXPECT_THAT(codes(with_pool("{servers: [1, 2], health: /h, passive: {max_share: 100%}}")), ElementsAre("F2202"));
  EXPECT_THAT(codes(with_pool("{servers: [1, 2], health: /h, passive: {eject: 10m}}")), ElementsAre("F1014"));
}

TEST(Validate, a_post_is_never_sent_twice) {
  EXPECT_THAT(codes(with_routes("[{to: web, retry: {methods: [GET, POST]}}]")), ElementsAre("F1017"));
  EXPECT_THAT(codes(with_routes("[{to: web, retry: {methods: [GET, PUT]}}]")), IsEmpty());
}

TEST(Validate, a_server_is_not_our_own_listener) {
  const auto with = [](const std::string& listen, const std::string& server) {
    return codes("listen: '" + listen + "'\nto: '" + server + "'\nhealth: /h");
  };
  EXPECT_THAT(with(":8080", "8080"), ElementsAre("F2201"));
  EXPECT_THAT(with(":8080", "localhost:8080"), ElementsAre("F2201"));
  EXPECT_THAT(with("127.0.0.1:8080", "127.0.0.1:8080"), ElementsAre("F2201"));
  EXPECT_THAT(with("10.0.0.1:8080", "10.0.0.1:8080"), ElementsAre("F2201"));
  EXPECT_THAT(with("unix:/run/x", "unix:/run/x"), ElementsAre("F2201"));
  EXPECT_THAT(with("127.0.0.1:8080", "127.0.0.2:8080"), IsEmpty());
  EXPECT_THAT(with(":8080", "10.0.0.1:8080"), IsEmpty());
  EXPECT_THAT(with(":8080", "8081"), IsEmpty());
}

TEST(Validate, routes_that_nothing_decides_between_are_a_tie) {
  EXPECT_THAT(codes(with_routes("[{to: web}, {to: web}]")), ElementsAre("F1105"));
  EXPECT_THAT(codes(with_routes("[{to: web}, {match: {host: '*', path: /*}, to: web}]")), ElementsAre("F1105"));
  EXPECT_THAT(codes(with_routes("[{match: {host: [a.com, b.com]}, to: web}, {match: {host: B.com}, to: web}]")),
              ElementsAre("F1105"));
  EXPECT_THAT(codes(with_routes("[{match: {method: [GET, PUT]}, to: web}, {match: {method: PUT}, to: web}]")),
              ElementsAre("F1105"));
  EXPECT_THAT(codes(with_routes("[{match: {method: GET}, to: web}, {match: {header: {a: b}}, to: web}]")),
              ElementsAre("F1105"));
  EXPECT_THAT(codes(with_routes("[{to: web}, {listeners: [a], to: web}]")), ElementsAre("F1105"));
}

TEST(Validate, whatever_decides_between_routes_prevents_a_tie) {
  EXPECT_THAT(codes(with_routes("[{to: web}, {match: {host: a.com}, to: web}]")), IsEmpty());
  EXPECT_THAT(codes(with_routes("[{to: web}, {match: {path: /a}, to: web}, {match: {path: /a/*}, to: web}]")),
              IsEmpty());
  EXPECT_THAT(codes(with_routes("[{to: web}, {match: {method: GET}, to: web}]")), IsEmpty());
  EXPECT_THAT(codes(with_routes("[{to: web}, {priority: 1, to: web}]")), IsEmpty());
  EXPECT_THAT(codes(with_routes("[{listeners: [a], to: web}, {listeners: [b], to: web}]")), IsEmpty());
  EXPECT_THAT(codes(with_routes("[{match: {method: GET}, to: web}, {match: {method: PUT}, to: web}]")), IsEmpty());
  EXPECT_THAT(codes(with_routes("[{match: {header: {a: b}}, to: web}, {match: {header: {A: c}}, to: web}]")),
              IsEmpty());
}

TEST(Validate, warns_of_what_is_never_used) {
  EXPECT_THAT(codes("listen: :80\nroutes: [{respond: {}}]\npools: {web: {servers: [1], health: /h}}"),
              ElementsAre("F3001"));
  EXPECT_THAT(codes(with_routes("[{listeners: [a], to: web}]")), ElementsAre("F3003"));
}

TEST(Validate, warns_of_checks_that_only_connect_unless_that_was_chosen) {
  EXPECT_THAT(codes("to: 3001"), ElementsAre("F3002"));
  EXPECT_THAT(codes("to: 3001\nhealth: {type: tcp}"), IsEmpty());
}

TEST(Validate, warns_of_a_waiting_line_without_a_limit) {
  const std::string pool = "listen: :80\nroutes: [{to: web}]\npools: {web: {health: /h, ";
  EXPECT_THAT(codes(pool + "servers: [1], queue: {max: 5}}}"), ElementsAre("F3004"));
  EXPECT_THAT(codes(pool + "servers: [1], queue: {max: 5}, limits: {max_inflight: 9}}}"), IsEmpty());
  EXPECT_THAT(codes(pool + "servers: [{address: 1, max_inflight: 9}], queue: {max: 5}}}"), IsEmpty());
  // One for all pools is for those that have a limit.
  EXPECT_THAT(codes(pool + "servers: [1]}}\ndefaults: {pool: {queue: {max: 5}}}"), IsEmpty());
  EXPECT_THAT(codes(pool + "servers: [1], queue: {timeout: 1s}}}\ndefaults: {pool: {queue: {max: 5}}}"),
              ElementsAre("F3004"));
}

TEST(Validate, finds_cookies_that_cannot_work) {
  const auto with = [](const std::string& sticky) {
    return codes("to: 1\nhealth: /h\ndefaults: {pool: {sticky: " + sticky + "}}");
  };
  EXPECT_THAT(with("cookie"), IsEmpty());
  EXPECT_THAT(with("off"), IsEmpty());
  EXPECT_THAT(with("{ttl: session, secure: auto, same_site: lax, on_down: move}"), IsEmpty());
  EXPECT_THAT(with("{ttl: 7d, on_down: fail, secret: 0123456789abcdef}"), IsEmpty());
  EXPECT_THAT(with("{same_site: none, secure: off}"), ElementsAre("F1019"));
  EXPECT_THAT(with("{secret: short}"), ElementsAre("F0219"));
  EXPECT_THAT(with("{cookie: 'a b'}"), ElementsAre("F0215"));
  const std::string two = "listen: :1\nroutes: [{to: a}, {match: {path: /b}, to: b}]\ndefaults: {pool: {health: /h}}\n";
  EXPECT_THAT(codes(two + "pools: {a: {servers: [2], sticky: cookie}, b: {servers: [3], sticky: cookie}}"),
              ElementsAre("F3005"));
  EXPECT_THAT(codes(two + "pools: {a: {servers: [2], sticky: cookie}, b: {servers: [3], sticky: {cookie: b}}}"),
              IsEmpty());
}

TEST(Validate, works_without_a_tree_for_readers_of_other_formats) {
  Options options;
  options.listeners["web"].address = {{"", 80, ""}};
  options.routes.emplace_back().to = "nowhere";
  config::Sources sources;
  config::Report report(sources);
  validate(options, config::Cursor(nullptr), report);
  const auto found = report.take();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].code, "F1004");
  EXPECT_EQ(found[0].path, "routes[0].to");
  EXPECT_EQ(found[0].line, 0U);
}

}  // namespace
}  // namespace fairlead::app
