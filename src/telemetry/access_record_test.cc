#include "telemetry/access_record.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fairlead::telemetry {
namespace {

using namespace std::chrono_literals;

// 2026-01-15 14:02:09.114 UTC
constexpr WallTime kAt{Duration(1'768'485'729'114ms)};

std::string format(AccessFormat format, const AccessRecord& record) {
  std::array<char, kMaxLine> room;
  return std::string(format_access(format, record, room));
}

constexpr std::array kRefused{AttemptRecord{"10.0.1.12:3000", "connect_refused", 400us}};

AccessRecord retried_get() {
  AccessRecord record;
  record.at = kAt;
  record.id = "req_01JD4Q0V9T8M6R2XK7Q";
  record.client = "203.0.113.9";
  record.listener = "https";
  record.proto = "h1";
  record.method = "GET";
  record.host = "myapp.com";
  record.path = "/api/user";
  record.route = "api";
  record.pool = "web";
  record.server = "10.0.1.10:3000";
  record.status = 200;
  record.total = 11'200us;
  record.queue = 0us;
  record.connect = 300us;
  record.first_byte = 10'100us;
  record.bytes_in = 412;
  record.bytes_out = 1893;
  record.reused = false;
  record.attempts = kRefused;
  record.user_agent = "Mozilla/5.0";
  return record;
}

TEST(AccessRecord, json_is_as_documented) {
  EXPECT_EQ(format(AccessFormat::json, retried_get()),
            R"({"ts":"2026-01-15T14:02:09.114Z","id":"req_01JD4Q0V9T8M6R2XK7Q","client":"203.0.113.9",)"
            R"("listener":"https","proto":"h1","method":"GET","host":"myapp.com","path":"/api/user","route":"api",)"
            R"("pool":"web","server":"10.0.1.10:3000","status":200,"reason":"ok","dur":0.0112,"queue":0,)"
            R"("connect":0.0003,"ttfb":0.0101,"in":412,"out":1893,"reused":false,)"
            R"("attempts":[{"server":"10.0.1.12:3000","reason":"connect_refused","dur":0.0004}],"ua":"Mozilla/5.0"})"
            "\n");
}

TEST(AccessRecord, absent_values_are_left_out) {
  AccessRecord record;
  record.at = kAt;
  record.status = 404;
  record.reason = "no_route";
  EXPECT_EQ(format(AccessFormat::json, record),
            R"({"ts":"2026-01-15T14:02:09.114Z","status":404,"reason":"no_route","dur":0,"in":0,"out":0})"
            "\n");
}

TEST(AccessRecord, durations_are_seconds_without_needless_digits) {
  AccessRecord record = retried_get();
  for (const auto& [total, text] : std::vector<std::pair<Duration, std::string>>{{0us, "0"},
                                                                                 {1us, "0.000001"},
                                                                                 {120ms, "0.12"},
                                                                                 {3s, "3"},
                                                                                 {3s + 5us, "3.000005"},
                                                                                 {-1s, "0"},
                                                                                 {999ns, "0"}}) {
    record.total = total;
    EXPECT_NE(format(AccessFormat::json, record).find("\"dur\":" + text + ","), std::string::npos) << text;
  }
}

TEST(AccessRecord, whatever_a_client_sends_the_line_is_one_line_of_json) {
  AccessRecord record = retried_get();
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  record.path = bytes;
  record.user_agent = "\xe2\x82\xac \xe2\x82 \xed\xa0\x80 \xc0\xaf \xf0\x9f\x98\x80";
  const std::string line = format(AccessFormat::json, record);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["path"].get<std::string>().substr(0, 128), bytes.substr(0, 128));
  EXPECT_TRUE(json["ua"].get<std::string>().starts_with("€ "));
  EXPECT_TRUE(json["ua"].get<std::string>().ends_with(" 😀"));
}

TEST(AccessRecord, the_longest_fields_of_any_bytes_fit_a_line) {
  for (const char filler : {'a', '"', '\x01', '\xff', '\xe2'}) {
    const std::string huge(100'000, filler);
    const std::vector<AttemptRecord> attempts(50, AttemptRecord{huge, huge, 1h});
    AccessRecord record = retried_get();
    for (std::string_view* field :
         {&record.id, &record.client, &record.listener, &record.proto, &record.method, &record.host, &record.path,
          &record.query, &record.route, &record.pool, &record.server, &record.reason, &record.retry_note,
          &record.hedged, &record.user_agent, &record.referer})
      *field = huge;
    record.attempts = attempts;
    EXPECT_TRUE(nlohmann::json::accept(format(AccessFormat::json, record)));
    for (const AccessFormat kind : {AccessFormat::json, AccessFormat::human, AccessFormat::combined}) {
      const std::string line = format(kind, record);
      EXPECT_LT(line.size(), kMaxLine);
      EXPECT_EQ(line.find('\n'), line.size() - 1);
    }
  }
}

TEST(AccessRecord, a_character_of_several_bytes_is_cut_as_a_whole) {
  std::string euros;
  for (int count = 0; count < 1000; ++count) euros += "€";
  for (const std::string prefix : {"", "a", "aa"}) {
    AccessRecord record = retried_get();
    const std::string path = prefix + euros;
    record.path = path;
    const auto json = nlohmann::json::parse(format(AccessFormat::json, record));
    EXPECT_GT(json["path"].get<std::string>().size(), 2040u);
  }
}

TEST(AccessRecord, says_whether_a_second_server_was_asked_and_won) {
  AccessRecord record = retried_get();
  record.hedged = "won";
  EXPECT_EQ(nlohmann::json::parse(format(AccessFormat::json, record))["hedged"], "won");
  EXPECT_NE(format(AccessFormat::human, record).find("   hedge won"), std::string::npos);
}

TEST(AccessRecord, people_see_what_happened_and_which_servers_were_tried) {
  EXPECT_EQ(format(AccessFormat::human, retried_get()),
            "14:02:09.114  200  GET  /api/user             web/10.0.1.10:3000       11 ms   retry 1 ← 10.0.1.12:3000 "
            "connect_refused\n");
  AccessRecord record = retried_get();
  record.method = "POST";
  record.status = 502;
  record.reason = "connect_refused";
  record.retry_note = "POST";
  record.attempts = {};
  record.total = 2ms;
  EXPECT_EQ(format(AccessFormat::human, record),
            "14:02:09.114  502  POST /api/user             web/10.0.1.10:3000        2 ms   connect_refused  no retry: "
            "POST   203.0.113.9   req_01JD4Q0V9T8M6R2XK7Q\n");
}

TEST(AccessRecord, combined_is_what_log_tools_read) {
  AccessRecord record = retried_get();
  record.query = "id=7";
  record.user_agent = "a \"quoted\" agent\n";
  EXPECT_EQ(format(AccessFormat::combined, record),
            "203.0.113.9 - - [15/Jan/2026:14:02:09 +0000] \"GET /api/user?id=7 HTTP/1.1\" 200 1893 \"-\" "
            "\"a \\x22quoted\\x22 agent\\x0a\"\n");
}

// Bytes above 127 are among them: CSI is 0x9b, and in UTF-8 0xc2 0x9b.
TEST(AccessRecord, nobody_who_reads_a_line_on_a_terminal_has_it_moved) {
  AccessRecord record = retried_get();
  record.path = record.user_agent = "\x1b[2J \x9b\x32J \xc2\x9b\x32J é";
  for (const AccessFormat kind : {AccessFormat::human, AccessFormat::combined}) {
    const std::string line = format(kind, record);
    EXPECT_NE(line.find("\\x1b[2J \\x9b2J \\xc2\\x9b2J \\xc3\\xa9"), std::string::npos) << line;
  }
  const std::string json = format(AccessFormat::json, record);
  EXPECT_NE(json.find("\\u001b[2J \\ufffd2J \\u009b2J é"), std::string::npos) << json;
}

TEST(AccessFilter, errors_only_keeps_refusals_failures_slow_and_retried_requests) {
  Random random(1);
  AccessFilter filter(true, Share{1}, random);
  AccessRecord record;
  record.status = 200;
  EXPECT_FALSE(filter.keeps(record));
  record.status = 404;
  EXPECT_TRUE(filter.keeps(record));
  record.status = 200;
  record.total = AccessFilter::kSlow;
  EXPECT_TRUE(filter.keeps(record));
  record.total = 1ms;
  record.attempts = kRefused;
  EXPECT_TRUE(filter.keeps(record));
  record.attempts = {};
  record.reason = "reset_mid_response";
  EXPECT_TRUE(filter.keeps(record));
}

TEST(AccessFilter, a_sample_keeps_its_share_of_good_requests_and_all_others) {
  Random random(1);
  AccessFilter filter(false, Share{0.1}, random);
  AccessRecord record;
  record.status = 200;
  int kept = 0;
  for (int request = 0; request < 10'000; ++request) kept += filter.keeps(record) ? 1 : 0;
  EXPECT_NEAR(kept, 1000, 100);
  record.status = 500;
  for (int request = 0; request < 100; ++request) EXPECT_TRUE(filter.keeps(record));
}

}  // namespace
}  // namespace fairlead::telemetry
