#include "simulate/access_log.h"

#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "telemetry/access_record.h"

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;

TEST(AccessLogReader, reads_what_the_access_log_writes) {
  telemetry::AccessRecord record;
  record.at = WallTime(1'768'485'729'114ms);
  record.client = "203.0.113.9";
  record.path = "/\"quoted\\\n\x01 päth";
  record.pool = "web";
  record.server = "10.0.1.10:3000";
  record.status = 200;
  record.total = 11'200us;
  record.queue = 1'200us;
  record.reused = true;
  std::array<char, telemetry::kMaxLine> room;
  const auto read = read_log_line(telemetry::format_access(telemetry::AccessFormat::json, record, room));
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->at, record.at);
  EXPECT_EQ(read->pool, "web");
  EXPECT_EQ(read->status, 200U);
  EXPECT_EQ(read->took, 11'200us);
  EXPECT_EQ(read->queued, 1'200us);
  EXPECT_FALSE(read->was_retried);

  const std::array attempts{telemetry::AttemptRecord{"10.0.1.12:3000", "connect_refused", 400us}};
  record.attempts = attempts;
  EXPECT_TRUE(read_log_line(telemetry::format_access(telemetry::AccessFormat::json, record, room))->was_retried);
}

TEST(AccessLogReader, refuses_what_is_not_a_line_of_ours) {
  constexpr std::string_view kGood = R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1})";
  ASSERT_TRUE(read_log_line(kGood));
  for (const std::string_view line : {
           R"()",
           R"([])",
           R"(127.0.0.1 - - [15/Jan/2026:14:02:09 +0000] "GET / HTTP/1.1" 200 12)",
           R"({"status":200,"dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09Z","dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200})",
           R"({"ts":"2026-02-30T14:02:09Z","status":200,"dur":0.1})",
           R"({"ts":"2026-01-15T24:02:09Z","status":200,"dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09.Z","status":200,"dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09","status":200,"dur":0.1})",
           R"({"ts":7,"status":200,"dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09Z","status":"200","dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200.5,"dur":0.1})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":-0.1})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":1e9})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":01})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":.1})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":inf})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1)",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1,})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1} x)",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1,"x":[1,]})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1,"x":"\q"})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1,"x":"\u12g4"})",
           R"({"ts":"2026-01-15T14:02:09Z","status":200,"dur":0.1,"x":[[[[[[[[[[[[1]]]]]]]]]]]]})",
       })
    EXPECT_FALSE(read_log_line(line)) << line;
}

TEST(AccessLogReader, takes_the_requests_of_one_pool_in_the_order_of_their_arrival) {
  std::istringstream text(R"({"ts":"2026-01-15T14:00:03Z","pool":"web","status":200,"dur":0.3,"queue":0.1})"
                          "\n"
                          R"({"ts":"2026-01-15T14:00:01Z","pool":"web","status":200,"dur":2.5})"
                          "\n"
                          R"({"ts":"2026-01-15T14:00:02Z","pool":"api","status":200,"dur":9})"
                          "\n"
                          R"({"ts":"2026-01-15T14:00:02Z","status":404,"dur":9})"
                          "\n"
                          "GET / 200\n"
                          R"({"ts":"2026-01-15T14:00:05Z","pool":"web","status":502,"dur":0.001})");
  const AccessLog log = read_access_log(text, "web");
  EXPECT_EQ(log.arrivals, (std::vector<Duration>{0s, 2s, 4s}));
  // A failure says nothing of how long the work takes.
  EXPECT_EQ(log.service_times, (std::vector<Duration>{200ms, 2500ms}));
  EXPECT_EQ(log.took, (std::vector<Duration>{1ms, 300ms, 2500ms}));
  EXPECT_DOUBLE_EQ(log.per_second(), 0.5);
  EXPECT_EQ(log.other_pools, std::set<std::string>{"api"});
  EXPECT_EQ(log.lines, 6U);
  EXPECT_EQ(log.unread, 1U);
  EXPECT_EQ(log.first_unread, 5U);
  EXPECT_EQ(log.first_fault, "not a JSON object");
}

TEST(AccessLogReader, an_empty_log_has_nothing) {
  std::istringstream text;
  const AccessLog log = read_access_log(text, "web");
  EXPECT_TRUE(log.arrivals.empty());
  EXPECT_EQ(log.per_second(), 0);
  EXPECT_EQ(log.percentile(0.99), 0s);
}

}  // namespace
}  // namespace fairlead::simulate
