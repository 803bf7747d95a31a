#include "cli/simulate/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::cli::simulation {
namespace {

using namespace std::chrono_literals;
using simulate::ArrivalProcess;
using simulate::Scenario;
using simulate::Trouble;
using testing::HasSubstr;

Settings settings(const SimulateFlags& flags) {
  const auto read = read_flags(flags);
  EXPECT_TRUE(read.has_value()) << read.error();
  return read.value_or(Settings{});
}

std::string fault(const SimulateFlags& flags) {
  const auto read = read_flags(flags);
  return read ? "" : read.error();
}

TEST(SimulateFlags, without_any_a_death_and_a_slow_server_are_compared_with_normal_times) {
  const Settings usual = settings({});
  ASSERT_EQ(usual.scenarios.size(), 3U);
  EXPECT_EQ(usual.scenarios[0], (Scenario{.at = 10s}));
  EXPECT_EQ(usual.scenarios[1], (Scenario{.trouble = Trouble::dies, .servers = 1, .at = 10s}));
  EXPECT_EQ(usual.scenarios[2], (Scenario{.trouble = Trouble::slows, .servers = 1, .factor = 10, .at = 10s}));
  EXPECT_EQ(usual.runs, 20U);
  EXPECT_GT(usual.algorithms.size(), 4U);
}

TEST(SimulateFlags, traffic_and_service_times) {
  EXPECT_EQ(settings({.traffic = "synthetic:75/s"}).per_second, 75);
  EXPECT_EQ(settings({.traffic = "synthetic:600/m"}).per_second, 10);
  EXPECT_EQ(settings({.traffic = "log:/var/log/a:b.log"}).log_file, "/var/log/a:b.log");
  EXPECT_EQ(settings({.traffic = "log:a"}).process, ArrivalProcess::recorded);
  EXPECT_EQ(settings({.arrivals = "even"}).process, ArrivalProcess::even);
  EXPECT_EQ(settings({.arrivals = "bursty"}).process, ArrivalProcess::bursty);
  const auto fixed = settings({.service_time = "42ms"}).service;
  EXPECT_EQ(fixed->median, 42ms);
  EXPECT_EQ(fixed->p99, 42ms);
  const auto full = settings({.service_time = "p50=42ms,p99=1.2s,slow=8%:700ms"}).service;
  EXPECT_EQ(full->median, 42ms);
  EXPECT_EQ(full->p99, 1200ms);
  EXPECT_DOUBLE_EQ(full->slow_share, 0.08);
  EXPECT_EQ(full->slow, 700ms);
}

TEST(SimulateFlags, troubles_with_and_without_their_time) {
  const Settings all = settings({.kill = {"2@120s"}, .hang = {"1"}, .slow = {"1:20x@1m"}, .surge = {"3x"}});
  ASSERT_EQ(all.scenarios.size(), 5U);
  EXPECT_EQ(all.scenarios[1], (Scenario{.trouble = Trouble::dies, .servers = 2, .at = 120s}));
  EXPECT_EQ(all.scenarios[2], (Scenario{.trouble = Trouble::hangs, .servers = 1, .at = 10s}));
  EXPECT_EQ(all.scenarios[3], (Scenario{.trouble = Trouble::slows, .servers = 1, .factor = 20, .at = 1min}));
  EXPECT_EQ(all.scenarios[4], (Scenario{.trouble = Trouble::surge, .factor = 3, .at = 10s}));
}

TEST(SimulateFlags, servers_algorithms_and_numbers) {
  EXPECT_EQ(settings({.servers = "4"}).servers, std::vector<std::uint32_t>{4});
  EXPECT_EQ(settings({.servers = "2..4"}).servers, (std::vector<std::uint32_t>{2, 3, 4}));
  // In the order of the catalog, each once.
  EXPECT_EQ(settings({.algorithms = "ewma,least_requests,ewma"}).algorithms,
            (std::vector{pool::Algorithm::least_requests, pool::Algorithm::ewma}));
  EXPECT_TRUE(settings({.algorithms = "all"}).wants_all_algorithms);
  EXPECT_FALSE(settings({.algorithms = "ewma"}).wants_all_algorithms);
  const Settings numbers = settings({.concurrency = "8", .duration = "2m", .runs = "40", .seed = "7"});
  EXPECT_EQ(numbers.concurrency, 8U);
  EXPECT_EQ(numbers.window, 2min);
  EXPECT_EQ(numbers.runs, 40U);
  EXPECT_EQ(numbers.seed, 7U);
}

TEST(SimulateFlags, a_fault_names_its_flag_and_what_it_takes) {
  for (const char* traffic : {"75/s", "synthetic", "synthetic:75", "synthetic:0/s", "synthetic:nan/s", "synthetic:-1/s",
                              "synthetic:1e9/s", "synthetic:75/h", "log:", "web:1"})
    EXPECT_THAT(fault({.traffic = traffic}), HasSubstr("--traffic")) << traffic;
  EXPECT_THAT(fault({.traffic = "live:24h"}), HasSubstr("is not in this version yet"));
  EXPECT_THAT(fault({.traffic = "log:a", .arrivals = "even"}), HasSubstr("--arrivals"));
  for (const char* times : {"42", "p50=42", "p50=0ms", "p99=1s", "p50=2s,p99=1s", "p50=1s,slow=8:1s", "mean=1s", ",",
                            "p50=1s,,p99=2s", "-1s", "p50=1s,slow=101%:1s"})
    EXPECT_THAT(fault({.service_time = times}), HasSubstr("--service-time")) << times;
  EXPECT_THAT(fault({.service_time = "live"}), HasSubstr("is not in this version yet"));
  for (const char* servers : {"0", "5..2", "2..", "..3", "2-6", "1001", "1..100", "x"})
    EXPECT_THAT(fault({.servers = servers}), HasSubstr("--servers")) << servers;
  EXPECT_THAT(fault({.algorithms = "ewna"}), HasSubstr("Did you mean `ewma`?"));
  EXPECT_THAT(fault({.algorithms = "x"}), HasSubstr("least_requests"));
  EXPECT_THAT(fault({.concurrency = "0"}), HasSubstr("--concurrency"));
  EXPECT_THAT(fault({.concurrency = "live"}), HasSubstr("is not in this version yet"));
  EXPECT_THAT(fault({.duration = "60"}), HasSubstr("--duration"));
  EXPECT_THAT(fault({.runs = "19"}), HasSubstr("--runs takes a whole number from 20 to 1000"));
  EXPECT_THAT(fault({.seed = "-1"}), HasSubstr("--seed"));
}

TEST(SimulateFlags, a_trouble_that_makes_no_sense_is_refused) {
  for (const char* value : {"", "0", "x", "1@", "1@60", "1:2x", "1@2h", "-1"})
    EXPECT_THAT(fault({.kill = {value}}), HasSubstr("--kill")) << value;
  EXPECT_THAT(fault({.hang = {"1:2x"}}), HasSubstr("--hang"));
  for (const char* value : {"1:x", "1:1x", "1:0x", "1:20", "20x", "1:nanx"})
    EXPECT_THAT(fault({.slow = {value}}), HasSubstr("--slow")) << value;
  for (const char* value : {"3", "1x", "-3x", "x", "infx", "3x@"})
    EXPECT_THAT(fault({.surge = {value}}), HasSubstr("--surge")) << value;
}

}  // namespace
}  // namespace fairlead::cli::simulation
