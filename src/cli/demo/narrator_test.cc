#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/demo/json_narrator.h"
#include "cli/demo/text_narrator.h"

namespace fairlead::cli::demo {
namespace {

using namespace std::chrono_literals;
using pool::ServerState;
using testing::EndsWith;
using testing::HasSubstr;

const std::vector<ServerShare> kShares{{.name = "app-1", .state = ServerState::up, .requests = 30, .share = 0.75},
                                       {.name = "app-2", .state = ServerState::down, .requests = 10, .share = 0.25}};

TEST(TextNarrator, in_a_pipe_shares_are_lines_of_their_own_every_few_seconds) {
  std::ostringstream out;
  TextNarrator narrator(out, {.seconds_between_lines = 2});
  narrator.on_shares(1s, 40, kShares, {});
  EXPECT_EQ(out.str(), "");
  narrator.on_shares(2s, 40, kShares, {.retries = 3, .errors = 1});
  EXPECT_EQ(out.str(), "        40 req/s   ● app-1  75%   ✕ app-2  25%   retries 3   errors 1\n");
}

TEST(TextNarrator, on_a_terminal_sentences_go_above_the_line_of_shares) {
  std::ostringstream out;
  TextNarrator narrator(out, {.is_terminal = true});
  narrator.on_shares(1s, 40, kShares, {});
  const std::string shares = out.str().substr(std::string_view("\r\x1b[K").size());
  out.str({});
  narrator.say(12s, {.step = "crash", .text = "It crashed."}, {});
  EXPECT_EQ(out.str(), "\r\x1b[K   12s  It crashed.\n" + shares);
}

TEST(TextNarrator, a_narrow_terminal_cuts_the_line_between_characters) {
  std::ostringstream out;
  TextNarrator narrator(out, {.is_terminal = true, .columns = 21});
  narrator.on_shares(1s, 40, kShares, {});
  EXPECT_THAT(out.str(), EndsWith("        40 req/s   ●"));
}

TEST(TextNarrator, tells_of_each_change_only_once_the_script_is_over) {
  std::ostringstream out;
  TextNarrator narrator(out, {});
  const pool::ServerEvent event{.server = "app-1", .to = ServerState::down, .why = "connection refused, 3 times"};
  narrator.on_server_event(1s, event);
  EXPECT_EQ(out.str(), "");
  narrator.say(55s, {.step = "end", .text = "That was it."}, {});
  narrator.on_server_event(57s, event);
  EXPECT_THAT(out.str(), EndsWith("   57s  ✕ app-1 is down: connection refused, 3 times\n"));
}

TEST(TextNarrator, ends_with_the_counts_and_the_errors_by_kind) {
  std::ostringstream out;
  TextNarrator narrator(out, {});
  narrator.ended(60s, {.counts = {.requests = 2400, .retries = 31, .errors = 2}, .error_kinds = {{"status_502", 2}}});
  EXPECT_THAT(out.str(), HasSubstr("2400"));
  EXPECT_THAT(out.str(), HasSubstr("31\n"));
  EXPECT_THAT(out.str(), HasSubstr("status_502 2\n"));
}

TEST(JsonNarrator, writes_one_object_per_line_with_its_schema) {
  std::ostringstream out;
  JsonNarrator narrator(out);
  narrator.say(12'345ms, {.step = "crash", .text = R"(a "quoted" text)"}, {.requests = 4, .retries = 2, .errors = 1});
  EXPECT_EQ(out.str(), R"({"schema":"fairlead.demo/v1","kind":"sentence","at":12.345,"step":"crash",)"
                       R"("text":"a \"quoted\" text","requests":4,"retries":2,"client_errors":1})"
                       "\n");
}

TEST(JsonNarrator, shares_and_the_result_name_every_server) {
  std::ostringstream out;
  JsonNarrator narrator(out);
  narrator.on_shares(1s, 40, kShares, {});
  EXPECT_THAT(out.str(), HasSubstr(R"("servers":[{"server":"app-1","state":"up","requests":30,"share":0.750},)"));
  out.str({});
  narrator.ended(60s, {.error_kinds = {{"bad_response", 1}, {"status_502", 2}}, .servers = kShares, .ended_by = "key"});
  EXPECT_THAT(out.str(), HasSubstr(R"("client_error_kinds":{"bad_response":1,"status_502":2})"));
  EXPECT_THAT(out.str(), EndsWith("\"ended_by\":\"key\"}\n"));
}

}  // namespace
}  // namespace fairlead::cli::demo
