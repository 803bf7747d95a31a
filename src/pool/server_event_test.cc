#include "pool/server_event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

// 2026-01-15 14:02:11.500 UTC
constexpr WallTime kAt{Duration(1'768'485'731'500ms)};

ServerEvent down_event() {
  return {.at = kAt,
          .pool = "web",
          .server = "10.0.1.12:3000",
          .from = ServerState::up,
          .to = ServerState::down,
          .reason = "check_status",
          .why = "GET /health → 500, 3 times",
          .evidence = {"GET /health → 500", "GET /health → 500", "GET /health → 500"},
          .by = {},
          .generation = 13};
}

TEST(ServerEvent, json_has_the_documented_members) {
  const std::string line = json_line(down_event());
  EXPECT_EQ(line.back(), '\n');
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["ts"], "2026-01-15T14:02:11.500Z");
  EXPECT_EQ(json["event"], "server.state");
  EXPECT_EQ(json["severity"], "warning");
  EXPECT_EQ(json["subject"], "web/10.0.1.12:3000");
  EXPECT_EQ(json["from"], "up");
  EXPECT_EQ(json["to"], "down");
  EXPECT_EQ(json["reason"], "check_status");
  EXPECT_EQ(json["why"], "GET /health → 500, 3 times");
  EXPECT_EQ(json["evidence"].size(), 3u);
  EXPECT_FALSE(json.contains("by"));
  EXPECT_EQ(json["generation"], 13);
}

TEST(ServerEvent, whatever_a_server_sent_the_line_stays_one_line_of_json) {
  ServerEvent event = down_event();
  event.why = "a \"quote\", a \\, a line\nend, \x01 and \xff";
  event.by = "sam\r\n";
  const std::string line = json_line(event);
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["why"], "a \"quote\", a \\, a line\nend, \x01 and \xef\xbf\xbd");
  EXPECT_EQ(json["by"], "sam\r\n");
}

TEST(ServerEvent, people_get_glyph_name_state_and_cause) {
  EXPECT_EQ(human_line(down_event()), "14:02:11  ✕ web/10.0.1.12:3000 down: GET /health → 500, 3 times\n");
}

TEST(ZoneEvent, an_overload_is_a_warning_and_its_end_is_news) {
  ZoneEvent event{
      .at = kAt, .pool = "web", .is_overloaded = true, .why = "the own zone is overloaded", .generation = 2};
  const auto json = nlohmann::json::parse(json_line(event));
  EXPECT_EQ(json["event"], "zone.overloaded");
  EXPECT_EQ(json["severity"], "warning");
  EXPECT_EQ(json["subject"], "web");
  EXPECT_EQ(json["why"], "the own zone is overloaded");
  EXPECT_EQ(json["generation"], 2);
  EXPECT_EQ(human_line(event), "14:02:11  ◐ pool web: the own zone is overloaded\n");
  event.is_overloaded = false;
  EXPECT_EQ(nlohmann::json::parse(json_line(event))["event"], "zone.recovered");
  EXPECT_EQ(severity(event), Severity::info);
}

TEST(PoolEvent, a_failing_pool_is_an_error) {
  const PoolEvent event{.at = kAt,
                        .pool = "web",
                        .from = PoolState::degraded,
                        .to = PoolState::failing,
                        .reason = "server_state",
                        .why = "none of 4 servers is up",
                        .evidence = {"a down: connection refused"},
                        .serving = 0,
                        .servers = 4,
                        .generation = 2};
  const auto json = nlohmann::json::parse(json_line(event));
  EXPECT_EQ(json["event"], "pool.state");
  EXPECT_EQ(json["severity"], "error");
  EXPECT_EQ(json["to"], "failing");
  EXPECT_EQ(json["why"], "none of 4 servers is up");
  EXPECT_EQ(json["evidence"][0], "a down: connection refused");
  EXPECT_EQ(json["serving"], 0);
  EXPECT_EQ(human_line(event), "14:02:11  ✕ pool web failing: none of 4 servers is up\n");
}

}  // namespace
}  // namespace fairlead::pool
