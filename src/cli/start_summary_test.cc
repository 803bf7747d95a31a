#include "cli/start_summary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "app/config_loader.h"

namespace fairlead::cli {
namespace {

using testing::HasSubstr;

app::ServerReport report(std::string pool, std::string server, pool::ServerState state, std::string why) {
  return {.pool = std::move(pool), .server = std::move(server), .state = state, .why = std::move(why)};
}

class StartSummary : public testing::Test {
 protected:
  static app::Options options_for(const std::vector<std::string>& listen, const std::vector<std::string>& to) {
    return app::load_flags({.listen = listen, .to = to})->options;
  }

  // `pools` pools of `servers` servers, of which the last of each is down.
  static app::Options many(std::size_t pools, std::size_t servers, StartFacts& facts) {
    app::Options options = options_for({":8080"}, {"1"});
    options.pools.clear();
    for (std::size_t pool = 0; pool < pools; ++pool) {
      const std::string name = fmt::format("p{}", pool);
      options.pools[name].servers.resize(servers);
      for (std::size_t server = 1; server <= servers; ++server) {
        const bool is_down = server == servers;
        facts.servers.push_back(report(name, fmt::format("10.0.{}.{}:80", pool, server),
                                       is_down ? pool::ServerState::down : pool::ServerState::up, "why"));
      }
    }
    return options;
  }

  std::ostringstream stream_;
  Output output_{stream_, stream_};
};

TEST_F(StartSummary, shows_one_pool_beside_its_address) {
  const StartFacts facts{
      .took = std::chrono::milliseconds(41),
      .servers = {report("default", "127.0.0.1:3001", pool::ServerState::up, "TCP check 0.4 ms"),
                  report("default", "127.0.0.1:3002", pool::ServerState::down, "connection refused")}};
  EXPECT_EQ(start_summary(options_for({":8080"}, {"3001", "3002"}), facts, output_),
            "Fairlead " FAIRLEAD_VERSION
            " is ready (41 ms)\n"
            "\n"
            "  http://localhost:8080   →  default   2 servers, least_requests\n"
            "                                ● 127.0.0.1:3001   up     TCP check 0.4 ms\n"
            "                                ✕ 127.0.0.1:3002   down   connection refused\n"
            "\n"
            "  note   Servers are checked by connecting to their port. If your app has a health page, add --health "
            "/health\n"
            "  Ctrl-C finishes open requests, then stops. Ctrl-C twice stops now.\n");
}

TEST_F(StartSummary, names_the_file_and_counts_what_it_was_warned_of) {
  const std::string text =
      start_summary(options_for({":80"}, {"1"}), {.file = "fairlead.yaml", .warnings = 2}, output_);
  EXPECT_THAT(text, HasSubstr("  Configuration   fairlead.yaml\n"));
  EXPECT_THAT(text, HasSubstr("2 warnings about fairlead.yaml: fairlead check fairlead.yaml\n"));
  EXPECT_THAT(text, HasSubstr("http://localhost   →"));
}

TEST_F(StartSummary, has_at_most_twenty_lines_and_shows_what_is_not_up) {
  for (std::size_t pools = 1; pools <= 7; ++pools) {
    for (const std::size_t servers : {1U, 2U, 5U, 40U}) {
      StartFacts facts{.file = "fairlead.yaml", .warnings = 1};
      app::Options options = many(pools, servers, facts);
      options.listeners["default"].address.resize(9, options.listeners["default"].address.front());
      const std::string text = start_summary(options, facts, output_);
      EXPECT_LE(std::ranges::count(text, '\n'), 20) << text;
      const std::size_t of_all = pools * servers;
      if (pools == 1) {
        EXPECT_THAT(text, HasSubstr("✕ 10.0.0."));
      } else if (pools > 5) {
        EXPECT_THAT(text, HasSubstr(fmt::format("{} of {} servers up", of_all - pools, of_all)));
      } else {
        EXPECT_THAT(text, testing::AnyOf(HasSubstr("✕ 10.0.0."), HasSubstr(fmt::format(", {} up", servers - 1)),
                                         HasSubstr(fmt::format("{} of them up", servers - 1))));
      }
    }
  }
}

TEST_F(StartSummary, is_ascii_and_without_color_where_asked) {
  output_.ascii = true;
  StartFacts facts;
  const std::string text = start_summary(many(1, 3, facts), facts, output_);
  EXPECT_TRUE(std::ranges::all_of(text, [](char letter) { return letter > 0 && letter != '\x1b'; })) << text;
  EXPECT_THAT(text, HasSubstr("DOWN"));
}

TEST_F(StartSummary, colors_the_mark_alone) {
  output_.color = true;
  StartFacts facts;
  EXPECT_THAT(start_summary(many(1, 3, facts), facts, output_), HasSubstr("\x1b[33m✕\x1b[0m 10.0.0.3:80"));
}

TEST_F(StartSummary, writes_addresses_as_a_browser_takes_them) {
  const std::string text = start_summary(options_for({"[::1]:80", "unix:/run/x.sock"}, {"1"}), {}, output_);
  EXPECT_THAT(text, HasSubstr("http://[::1] "));
  EXPECT_THAT(text, HasSubstr("  unix:/run/x.sock "));
}

}  // namespace
}  // namespace fairlead::cli
