// What people type, and what they are told when it is wrong.
#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Words = std::vector<std::string>;

CommandLine read(const Words& words) {
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line) << line.error();
  return line.value_or(CommandLine{});
}

std::string fault(const Words& words) {
  const auto line = parse_command_line(words);
  return line ? "none" : line.error();
}

TEST(CommandLine, nothing_is_no_verb) {
  EXPECT_EQ(read({}).verb, nullptr);
  EXPECT_EQ(read({"--help"}).verb, nullptr);
  EXPECT_EQ(read({"help"}).verb, nullptr);
}

TEST(CommandLine, flags_are_found_by_their_long_name) {
  const CommandLine line = read({"run", "--listen", "[::1]:80", "--to=a:1", "--to", "b:2", "-c", "x.yaml", "--log"});
  EXPECT_EQ(line.verb->name, "run");
  EXPECT_EQ(line.value("--listen"), "[::1]:80");
  EXPECT_THAT(line.values("--to"), ElementsAre("a:1", "b:2"));
  EXPECT_EQ(line.value("--config"), "x.yaml");
  EXPECT_TRUE(line.has("--log"));
  EXPECT_FALSE(line.has("--json"));
  EXPECT_FALSE(line.has("--health"));
}

TEST(CommandLine, arguments_and_flags_come_in_any_order) {
  EXPECT_THAT(read({"check", "a.yaml", "--strict", "b.yaml"}).arguments, ElementsAre("a.yaml", "b.yaml"));
  EXPECT_THAT(read({"check", "--", "--strict"}).arguments, ElementsAre("--strict"));
  EXPECT_THAT(read({"check"}).arguments, IsEmpty());
}

TEST(CommandLine, flags_of_every_verb_may_come_before_it) {
  const CommandLine line = read({"--json", "-c", "run", "--color=never", "check", "a.yaml"});
  EXPECT_EQ(line.verb->name, "check");
  EXPECT_EQ(line.value("--config"), "run");
  EXPECT_EQ(line.value("--color"), "never");
  EXPECT_TRUE(line.has("--json"));
  EXPECT_THAT(line.arguments, ElementsAre("a.yaml"));
}

TEST(CommandLine, version_and_help_have_other_spellings) {
  EXPECT_EQ(read({"--version"}).verb->name, "version");
  EXPECT_EQ(read({"help", "run"}).verb->name, "run");
  EXPECT_TRUE(read({"help", "run"}).wants_long_help);
  EXPECT_TRUE(read({"run", "-h"}).wants_short_help);
  // Who asks for help need not know yet what else there has to be.
  EXPECT_TRUE(read({"explain", "--help"}).wants_long_help);
}

TEST(CommandLine, an_unknown_verb_suggests_the_nearest) {
  EXPECT_EQ(fault({"drian"}), "error: no command `drian`. Did you mean `drain`?");
  EXPECT_EQ(fault({"help", "rnu"}), "error: no command `rnu`. Did you mean `run`?");
  EXPECT_EQ(fault({"balance"}), "error: no command `balance`. `fairlead` lists them.");
}

TEST(CommandLine, a_planned_verb_is_refused_by_name) {
  for (const char* verb : {"reload",  "diff",      "status",  "top",    "logs",   "tap",     "events", "drain",
                           "undrain", "enable",    "disable", "weight", "add",    "remove",  "reset",  "canary",
                           "certs",   "dashboard", "advise",  "bench",  "import", "upgrade", "man"}) {
    EXPECT_THAT(fault({verb, "web/a"}),
                testing::StartsWith(std::string("error: `") + verb + "` is not in this version yet."));
  }
  EXPECT_THAT(fault({"run", "--watch"}), testing::StartsWith("error: `--watch` is not in this version yet."));
}

TEST(CommandLine, an_unknown_flag_suggests_the_nearest) {
  EXPECT_EQ(fault({"run", "--lisen", ":80"}), "error: `run` has no flag `--lisen`. Did you mean `--listen`?");
  EXPECT_EQ(fault({"run", "--lisen=:80"}), "error: `run` has no flag `--lisen`. Did you mean `--listen`?");
  EXPECT_EQ(fault({"check", "-x"}), "error: `check` has no flag `-x`. All flags: fairlead check --help");
  EXPECT_EQ(fault({"--to", "a:1"}), "error: `--to` is a flag of a command: fairlead run --to ...");
  EXPECT_EQ(fault({"--nothing"}), "error: no flag `--nothing` before a command. `fairlead` lists the commands.");
  EXPECT_EQ(fault({"-c", "x.yaml"}), "error: there are flags, but no command. `fairlead` lists them.");
}

TEST(CommandLine, a_flag_has_a_value_or_none_as_it_says) {
  EXPECT_EQ(fault({"run", "--to"}), "error: `--to` needs a value: --to SERVER");
  EXPECT_EQ(fault({"run", "--to", "--health", "/h"}), "error: `--to` needs a value: --to SERVER");
  EXPECT_EQ(fault({"run", "--to", "a:1", "--health", ""}), "error: `--health` needs a value: --health PATH");
  EXPECT_EQ(fault({"run", "-c"}), "error: `--config` needs a value: --config FILE");
  EXPECT_EQ(fault({"run", "--json=yes"}), "error: `--json` takes no value");
  EXPECT_EQ(fault({"run", "--json=x"}), "error: `--json` takes no value");
  EXPECT_EQ(fault({"run", "--health", "/a", "--health", "/b"}),
            "error: `--health` can be given once only, not 2 times");
}

TEST(CommandLine, a_word_of_a_few_is_checked) {
  EXPECT_EQ(fault({"check", "--format", "jsn"}),
            "error: `--format` takes human|json|github, not `jsn`. Did you mean `json`?");
  EXPECT_EQ(fault({"run", "--color", "blue"}), "error: `--color` takes auto|always|never, not `blue`");
  EXPECT_EQ(fault({"completion", "bsh"}), "error: `completion` takes bash|zsh|fish, not `bsh`. Did you mean `bash`?");
}

TEST(CommandLine, arguments_are_counted) {
  EXPECT_EQ(fault({"run", "3001"}),
            "error: `run` takes no argument, but got `3001`. A server comes after --to, a file after -c");
  EXPECT_EQ(fault({"schema", "x"}), "error: `schema` takes no argument, but got `x`");
  EXPECT_EQ(fault({"explain"}), "error: `explain` needs CODE. For example: fairlead explain F0203");
  EXPECT_EQ(fault({"explain", "F0203", "F0204"}), "error: `explain` takes one CODE, but got `F0204` too");
}

// Whatever a shell hands over ends in a line or in words, never in an exception.
TEST(CommandLine, odd_words_are_survived) {
  for (const char* word :
       {"",          "-",    "--",      "---",  "=",    "--=", "-=x",      "-c=",       "--to=",
        "%%",        "{}",   "[a,b]",   "\xff", "-qqq", "-qx", "--json=1", "--json=-1", "--json=99999999999999999999",
        "--no-json", "-h=1", "--help=x"}) {
    EXPECT_NE(fault({word}), "") << word;
    EXPECT_NE(fault({"run", word}), "") << word;
    EXPECT_NE(fault({"check", word, word}), "") << word;
  }
}

}  // namespace
}  // namespace fairlead::cli
