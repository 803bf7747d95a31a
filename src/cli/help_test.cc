// Help, completion and the page of the reference all say what the table says.
#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/completion.h"
#include "cli/version_command.h"
#include "pool/balancers/catalog.h"

namespace fairlead::cli {
namespace {

using testing::HasSubstr;

// What a shell prints, and ` exit N` where it fails.
std::string shell(const std::string& name, const std::string& flags, const std::string& script) {
  const std::string path = testing::TempDir() + "fairlead_completion_" + name;
  std::ofstream(path) << script;
  const std::string command = name + " " + flags + " " + path + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string said;
  for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe)) said += static_cast<char>(byte);
  if (const int status = pclose(pipe); status != 0) said += " exit " + std::to_string(status);
  std::remove(path.c_str());
  return said;
}

bool is_installed(const std::string& name) { return std::system(("command -v " + name + " >/dev/null").c_str()) == 0; }

// What bash offers at the end of `words`.
std::string completed(const std::string& words) {
  return shell("bash", "--norc",
               completion_script("bash") + "COMP_WORDS=(" + words +
                   ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_fairlead\necho \"${COMPREPLY[*]}\"\n");
}

TEST(Help, alone_prints_the_two_commands_of_the_readme) {
  EXPECT_THAT(welcome_text(), HasSubstr("  fairlead demo\n"));
  EXPECT_THAT(welcome_text(), HasSubstr("  fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002\n"));
}

TEST(Help, short_help_has_both_examples_and_long_help_every_flag) {
  for (const Verb& verb : verbs()) {
    for (const std::string_view example : verb.examples) {
      EXPECT_THAT(short_help(verb), HasSubstr(std::string(example)));
      EXPECT_TRUE(example.starts_with("fairlead ") || example.starts_with("source ")) << example;
    }
    for (const Flag& flag : verb.flags) EXPECT_THAT(long_help(verb), HasSubstr(std::string(flag.long_name())));
    for (const Flag& flag : global_flags()) EXPECT_THAT(long_help(verb), HasSubstr(std::string(flag.long_name())));
  }
}

TEST(Help, the_flag_for_the_algorithm_names_all_of_them) {
  const Verb* run = find_verb("run");
  const Flag& flag = *std::ranges::find(run->flags, "--algorithm", &Flag::name);
  for (const pool::BalancerType* type : pool::balancer_catalog())
    EXPECT_THAT(std::string(flag.help), testing::ContainsRegex("[ ]" + std::string(type->name) + "[,.]"));
}

TEST(Help, fits_a_terminal) {
  for (const Verb& verb : verbs()) {
    std::istringstream lines(long_help(verb) + welcome_text());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Reference, names_every_verb_and_flag_that_people_see) {
  const std::string page = commands_reference();
  for (const Verb& verb : verbs()) {
    const bool is_there = page.contains("## `fairlead " + std::string(verb.name));
    EXPECT_NE(is_there, verb.is_hidden) << verb.name;
    for (const Flag& flag : verb.flags) EXPECT_THAT(page, HasSubstr("| `" + std::string(flag.long_name())));
  }
}

TEST(Completion, scripts_are_valid) {
  for (const std::string name : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(completion_script(name), HasSubstr("explain"));
    if (is_installed(name)) EXPECT_EQ(shell(name, "-n", completion_script(name)), "");
  }
  EXPECT_EQ(completion_script("csh"), "");
}

// zsh and fish may not be there to say so: outside words in double quotes, quotes come in pairs on each line.
TEST(Completion, quotes_are_closed) {
  for (const std::string name : {"zsh", "fish"}) {
    std::istringstream lines(completion_script(name));
    for (std::string line; std::getline(lines, line);) {
      bool is_open = false;
      for (std::size_t at = 0; at < line.size(); ++at) {
        const bool escapes = line[at] == '\\' && (name == "fish" || !is_open);
        if (escapes)
          ++at;
        else if (line[at] == '\'')
          is_open = !is_open;
      }
      EXPECT_FALSE(is_open) << name << ": " << line;
    }
  }
}

TEST(Completion, offers_verbs_flags_and_the_words_of_a_flag) {
  EXPECT_EQ(completed("fairlead ch"), "check\n");
  EXPECT_EQ(completed("fairlead check --st"), "--strict\n");
  EXPECT_EQ(completed("fairlead check --format ''"), "human json github\n");
  EXPECT_EQ(completed("fairlead check --format = g"), "github\n");
  EXPECT_EQ(completed("fairlead run --color a"), "auto always\n");
  EXPECT_EQ(completed("fairlead completion z"), "zsh\n");
  EXPECT_EQ(completed("fairlead reference ''"), "\n");
}

TEST(Completion, leaves_files_to_the_shell) {
  EXPECT_EQ(completed("fairlead run -c ''"), "\n");
  EXPECT_EQ(completed("fairlead run --save fair"), "\n");
  EXPECT_EQ(completed("fairlead check fair"), "\n");
}

TEST(Version, is_there_for_people_and_programs) {
  std::ostringstream out;
  Output output{out, out};
  EXPECT_EQ(version_command(false, output), kDone);
  EXPECT_THAT(out.str(), testing::StartsWith("fairlead " FAIRLEAD_VERSION "\n"));
  out.str("");
  EXPECT_EQ(version_command(true, output), kDone);
  EXPECT_THAT(out.str(), testing::StartsWith(R"({"schema":"fairlead.version/v1","version":")" FAIRLEAD_VERSION "\""));
}

}  // namespace
}  // namespace fairlead::cli
