#include "proxy/route_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::proxy {
namespace {

HostPattern host(std::string_view text) {
  if (text == "*") return {};
  if (text.starts_with('*')) return {HostPattern::Kind::wildcard, std::string(text.substr(1))};
  return {HostPattern::Kind::exact, std::string(text)};
}

PathPattern path(std::string_view text) {
  if (text.ends_with('*')) return {PathPattern::Kind::prefix, std::string(text.substr(0, text.size() - 1))};
  return {PathPattern::Kind::exact, std::string(text)};
}

struct Rule {
  std::string name;
  std::string host = "*";
  std::string path = "/*";
  std::vector<std::string> methods = {};
  std::map<std::string, std::string> headers = {};
  int priority = 0;
  std::vector<std::string> listeners = {};
};

// The name of the route that takes a request; the order of `rules` must not matter.
std::string winner(std::vector<Rule> rules, std::string_view request, std::string_view listener = "web") {
  http::RequestHead head;
  const std::string text = std::string(request) + "\r\n\r\n";
  EXPECT_EQ(http::parse_request_head(text, {}, head).status, http::HeadParse::Status::complete) << request;
  std::string found;
  for (int order = 0; order < 2; ++order) {
    std::vector<Route> routes;
    for (const Rule& rule : rules) {
      routes.push_back({.options = {.name = rule.name,
                                    .listeners = rule.listeners,
                                    .match = {.host = {host(rule.host)},
                                              .path = {path(rule.path)},
                                              .method = rule.methods,
                                              .header = rule.headers},
                                    .priority = rule.priority}});
    }
    const RouteTable table(std::move(routes));
    const Route* route = table.match(listener, head);
    const std::string name = route == nullptr ? "none" : route->options.name;
    if (order == 1) EXPECT_EQ(name, found) << "the order of the file decides: " << request;
    found = name;
    std::ranges::reverse(rules);
  }
  return found;
}

TEST(RouteTable, exact_host_before_longest_wildcard_before_any_host) {
  const std::vector<Rule> rules{{.name = "any"},
                                {.name = "short", .host = "*.app.com"},
                                {.name = "long", .host = "*.eu.app.com"},
                                {.name = "exact", .host = "a.eu.app.com"}};
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: a.eu.app.com"), "exact");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: b.eu.app.com"), "long");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: b.app.com"), "short");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: app.com"), "any");
}

TEST(RouteTable, exact_path_before_longest_prefix) {
  const std::vector<Rule> rules{{.name = "all"},
                                {.name = "api", .path = "/api/*"},
                                {.name = "v2", .path = "/api/v2/*"},
                                {.name = "exact", .path = "/api/v2/me"}};
  EXPECT_EQ(winner(rules, "GET /api/v2/me HTTP/1.1\r\nHost: a"), "exact");
  EXPECT_EQ(winner(rules, "GET /api/v2/me/x HTTP/1.1\r\nHost: a"), "v2");
  EXPECT_EQ(winner(rules, "GET /api/v3 HTTP/1.1\r\nHost: a"), "api");
  EXPECT_EQ(winner(rules, "GET /apis HTTP/1.1\r\nHost: a"), "all");
}

TEST(RouteTable, a_more_exact_host_outranks_a_more_exact_path) {
  const std::vector<Rule> rules{{.name = "path", .path = "/me"}, {.name = "host", .host = "a.com"}};
  EXPECT_EQ(winner(rules, "GET /me HTTP/1.1\r\nHost: a.com"), "host");
}

TEST(RouteTable, more_conditions_then_priority_decide_between_equal_paths) {
  const std::vector<Rule> rules{{.name = "plain", .priority = 9},
                                {.name = "get", .methods = {"GET"}, .priority = 1},
                                {.name = "get_first", .methods = {"GET"}, .priority = 2},
                                {.name = "both", .methods = {"GET"}, .headers = {{"x-beta", "1"}}}};
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: a\r\nX-Beta: 1"), "both");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: a\r\nX-Beta: 2"), "get_first");
  EXPECT_EQ(winner(rules, "POST / HTTP/1.1\r\nHost: a\r\nX-Beta: 1"), "plain");
}

TEST(RouteTable, a_condition_that_does_not_hold_leaves_the_request_to_the_next_best_pattern) {
  const std::vector<Rule> rules{{.name = "exact", .path = "/a", .methods = {"POST"}},
                                {.name = "host", .host = "app.com", .path = "/b"},
                                {.name = "prefix"}};
  EXPECT_EQ(winner(rules, "GET /a HTTP/1.1\r\nHost: app.com"), "prefix");
}

TEST(RouteTable, a_prefix_matches_its_own_path_without_the_last_slash) {
  const std::vector<Rule> rules{{.name = "api", .path = "/api/*"}};
  EXPECT_EQ(winner(rules, "GET /api HTTP/1.1\r\nHost: a"), "api");
  EXPECT_EQ(winner(rules, "GET /api?x HTTP/1.1\r\nHost: a"), "api");
  EXPECT_EQ(winner(rules, "GET /ap HTTP/1.1\r\nHost: a"), "none");
}

TEST(RouteTable, hosts_match_without_case_port_and_trailing_dot) {
  const std::vector<Rule> rules{{.name = "exact", .host = "app.com"}, {.name = "wild", .host = "*.app.com"}};
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: APP.com:8080"), "exact");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: app.com."), "exact");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: X.App.Com"), "wild");
  EXPECT_EQ(winner(rules, "GET / HTTP/1.1\r\nHost: notapp.com"), "none");
}

TEST(RouteTable, the_host_of_an_absolute_target_decides) {
  const std::vector<Rule> rules{{.name = "a", .host = "a.com"}, {.name = "b", .host = "b.com"}};
  EXPECT_EQ(winner(rules, "GET http://b.com/x HTTP/1.1\r\nHost: b.com"), "b");
}

TEST(RouteTable, a_route_of_another_listener_takes_nothing) {
  const std::vector<Rule> rules{{.name = "inner", .path = "/x", .listeners = {"inner"}}, {.name = "all"}};
  EXPECT_EQ(winner(rules, "GET /x HTTP/1.1\r\nHost: a", "inner"), "inner");
  EXPECT_EQ(winner(rules, "GET /x HTTP/1.1\r\nHost: a", "web"), "all");
}

TEST(RouteTable, the_asterisk_goes_to_a_route_for_every_path) {
  EXPECT_EQ(winner({{.name = "api", .path = "/api/*"}, {.name = "all"}}, "OPTIONS * HTTP/1.1\r\nHost: a"), "all");
  EXPECT_EQ(winner({{.name = "api", .path = "/api/*"}}, "OPTIONS * HTTP/1.1\r\nHost: a"), "none");
}

TEST(RouteTable, routes_without_a_name_are_numbered) {
  std::vector<Route> routes(2);
  routes[0].options.name = "mine";
  EXPECT_EQ(RouteTable(std::move(routes)).routes()[1].options.name, "r2");
}

}  // namespace
}  // namespace fairlead::proxy
