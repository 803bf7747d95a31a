// The worked examples of the manual: those that this version supports load, the others say by name what is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/config_test_support.h"
#include "app/system_environment.h"

namespace fairlead::app {
namespace {

using testing::UnorderedElementsAre;

// The keys and values that are refused as not supported yet, by their paths.
std::vector<std::string> refused(std::string_view text) {
  std::vector<std::string> paths;
  for (const config::Diagnostic& fault : diagnostics(text)) {
    if (fault.code == "F0102" || fault.code == "F0103") paths.push_back(fault.path);
    EXPECT_TRUE(fault.code != "F0101" && fault.code != "F0201") << fault.path << ": " << fault.message;
  }
  return paths;
}

TEST(Examples, weights_and_a_backup) {
  const Options options = loaded(R"(
listen: :80
routes: [{to: api}]
pools:
  api:
    servers:
      - {address: "app1.internal:3000", weight: 400}
      - app2.internal:3000
      - {address: "app3.internal:3000", backup: true}
)")
                              .options;
  EXPECT_EQ(options.pools.at("api").servers.at(0).weight, 400U);
  EXPECT_EQ(options.pools.at("api").servers.at(1).address.text(), "app2.internal:3000");
  EXPECT_TRUE(options.pools.at("api").servers.at(2).backup);
}

TEST(Examples, the_nginx_tutorial_asks_for_tls_and_headers) {
  EXPECT_THAT(refused(R"(
listeners:
  http:  {address: ":80", redirect_to_https: 301}
  https: {address: ":443", tls: {certificates: [{cert: /a.pem, key: /b.pem}]}}
routes:
  - match: {host: myapp.com}
    to: web
    headers: {response: {set: {X-Frame-Options: SAMEORIGIN}}}
pools:
  web:
    servers: [10.0.1.10:3000, 10.0.1.11:3000]
    health: /health
    passive: {failures: 3, window: 30s, eject: 30s}
    timeouts: {connect: 10s}
)"),
              UnorderedElementsAre("listeners.http.redirect_to_https", "listeners.https.address[0]",
                                   "listeners.https.tls", "routes[0].headers"));
}

TEST(Examples, the_haproxy_equivalent_asks_for_the_admin_page) {
  EXPECT_THAT(refused(R"(
listeners: {web: {address: ":80", limits: {connections: 4096}, timeouts: {body_idle: 50s, keepalive: 50s}}}
routes: [{to: app_servers, timeouts: {first_byte: 50s, idle: 50s}}]
pools:
  app_servers:
    servers: [10.0.1.1:3000, 10.0.1.2:3000, 10.0.1.3:3000]
    algorithm: least_requests
    health: {path: /health, every: 5s, fall: 3, rise: 2, expect: 200}
    timeouts: {connect: 5s}
admin: {address: ":8080"}
)"),
              UnorderedElementsAre("admin"));
}

TEST(Examples, the_other_features_are_named_one_by_one) {
  EXPECT_THAT(refused("listen: https://myapp.com\nroutes: [{to: web}]\n"
                      "pools: {web: {servers: [10.0.1.10:3000], sticky: cookie, health: /health}}"),
              UnorderedElementsAre("listeners.default.address[0]"));
  EXPECT_THAT(
      refused("listeners: {redis: {address: \":6379\", protocol: tcp}, dns: {address: \":53\", protocol: udp}}\n"
              "routes: [{listeners: [redis], match: {sni: a.b}, to: web}]\n"
              "pools: {web: {servers: [1], algorithm: hash, hash: {key: client_ip}}}"),
      UnorderedElementsAre("listeners.redis.protocol", "listeners.dns.protocol", "routes[0].match.sni"));
  EXPECT_THAT(refused("listen: :80\nroutes: [{to: v1, canary: {to: v2, percent: 5%}}, "
                      "{match: {path: /l}, to: v1, rate_limit: {rate: 10/m}}]\n"
                      "pools: {v1: {servers: [1]}, v2: {discover: {dns: \"a:1\"}}}\nha: {peer: a}\ntables: {}\n"),
              UnorderedElementsAre("routes[0].canary", "routes[1].rate_limit", "pools.v2.discover", "ha", "tables"));
}

// On a real disk.
TEST(SystemEnvironment, reads_files_patterns_and_variables_of_this_machine) {
  std::string folder = std::filesystem::temp_directory_path() / "fairlead_config_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directory(folder + "/conf.d");
  std::ofstream(folder + "/fairlead.yaml") << "include: [conf.d/*.yaml]\nlisten: :80\nroutes: [{to: b}, a.com: a]\n";
  std::ofstream(folder + "/conf.d/a.yaml") << "pools: {a: {servers: [3001], health: /h}}\n";
  std::ofstream(folder + "/conf.d/b.yaml") << "pools: {b: {servers: [\"${file:" + folder + "/port}\"], health: /h}}\n";
  std::ofstream(folder + "/port") << "3002\n";
  const LoadResult result = load_file(folder + "/fairlead.yaml", SystemEnvironment());
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(result.has_value()) << result.error().at(0).message;
  EXPECT_EQ(result->options.pools.at("b").servers.at(0).address.port, 3002);
  EXPECT_EQ(result->options.pools.size(), 2U);
  EXPECT_FALSE(SystemEnvironment().variable("FAIRLEAD_NO_SUCH_VARIABLE").has_value());
  EXPECT_EQ(SystemEnvironment().read_file(folder, 10).error(), "no such file");
}

}  // namespace
}  // namespace fairlead::app
