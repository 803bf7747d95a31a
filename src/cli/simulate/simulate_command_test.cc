#include "cli/simulate/simulate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/simulate/study.h"

namespace fairlead::cli::simulation {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Ended {
  int code;
  std::string out;
  std::string err;
};

Ended simulate(const SimulateFlags& flags, std::size_t columns = 200, bool ascii = false) {
  std::ostringstream out;
  std::ostringstream err;
  Output output{.out = out, .err = err, .ascii = ascii};
  const int code = simulate_command(flags, config::EmptyEnvironment(), columns, output);
  return {code, out.str(), err.str()};
}

TEST(SimulateCommand, says_what_it_assumed_and_what_it_found) {
  const Ended ended = simulate({.traffic = "synthetic:75/s", .servers = "3", .duration = "30s"});
  EXPECT_EQ(ended.code, kDone);
  std::istringstream notes(ended.err);
  // Where the machine is slow.
  for (std::string note; std::getline(notes, note);) EXPECT_THAT(note, EndsWith("% of the runs are done"));
  for (const char* text : {"Pool web: 3 servers, least_requests\n", "Traffic 75 requests/s (synthetic)\n",
                           "p50 50 ms, p99 500 ms (assumed)", "20 runs of 30s", "after one of them dies",
                           "← recommended", "Not calibrated", "Not modelled", "no request fails"})
    EXPECT_THAT(ended.out, HasSubstr(text));
}

TEST(SimulateCommand, is_the_same_for_the_same_seed) {
  const SimulateFlags flags{.servers = "2", .algorithms = "ewma,p2c", .duration = "30s", .seed = "5"};
  EXPECT_EQ(simulate(flags).out, simulate(flags).out);
  SimulateFlags other = flags;
  other.seed = "6";
  EXPECT_NE(simulate(flags).out, simulate(other).out);
}

TEST(SimulateCommand, ascii_is_ascii_and_a_narrow_terminal_gets_narrow_lines) {
  const Ended ended = simulate({.servers = "3", .algorithms = "ewma,random", .duration = "30s"}, 80, true);
  for (const char byte : ended.out) ASSERT_GE(byte, 0);
  std::istringstream lines(ended.out);
  // The heading is one line for each thing, however long.
  bool is_below_heading = false;
  for (std::string line; std::getline(lines, line);) {
    is_below_heading |= line.empty();
    if (is_below_heading) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(SimulateCommand, one_server_has_nothing_to_fall_back_on) {
  const Ended ended = simulate({.servers = "1", .duration = "30s"});
  EXPECT_EQ(ended.code, kDone);
  EXPECT_THAT(ended.out, HasSubstr("100%"));
}

TEST(SimulateCommand, recommends_nothing_where_there_is_no_choice) {
  const Ended ended = simulate({.servers = "3", .algorithms = "random", .duration = "30s"});
  EXPECT_EQ(ended.code, kDone);
  EXPECT_THAT(ended.out, Not(HasSubstr("recommended")));
  EXPECT_THAT(ended.out, Not(HasSubstr("Next:")));
}

TEST(SimulateCommand, faults_end_it_before_it_begins) {
  EXPECT_EQ(simulate({}).code, kBadCommandLine);
  EXPECT_THAT(simulate({}).err, HasSubstr("fairlead simulate --servers 3"));
  EXPECT_EQ(simulate({.pool = "web", .servers = "3"}).code, kBadCommandLine);
  EXPECT_EQ(simulate({.servers = "3", .runs = "1"}).code, kBadCommandLine);
  EXPECT_EQ(simulate({.config = "/nowhere.yaml"}).code, kInvalidConfig);
  const Ended no_log = simulate({.traffic = "log:/nowhere.log", .servers = "3"});
  EXPECT_EQ(no_log.code, kFailed);
  EXPECT_THAT(no_log.err, HasSubstr("/nowhere.log cannot be read"));
}

TEST(SimulateWords, times_have_about_three_digits) {
  EXPECT_EQ(time_text(0.0004), "0.4 ms");
  EXPECT_EQ(time_text(0.049), "49 ms");
  EXPECT_EQ(time_text(0.9994), "999 ms");
  EXPECT_EQ(time_text(0.9996), "1.00 s");
  EXPECT_EQ(time_text(1.2345), "1.23 s");
  EXPECT_EQ(time_text(60), "60.0 s");
}

TEST(SimulateWords, a_share_above_nothing_is_not_shown_as_nothing) {
  EXPECT_EQ(share_text(0), "0");
  EXPECT_EQ(share_text(0.00001), "<0.01%");
  EXPECT_EQ(share_text(0.0002), "0.02%");
  EXPECT_EQ(share_text(0.62), "62%");
}

}  // namespace
}  // namespace fairlead::cli::simulation
