// The verbs that only read: check, explain, schema, and the generated reference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "cli/check_command.h"
#include "cli/explain_command.h"
#include "cli/output.h"
#include "cli/reference.h"
#include "cli/schema_command.h"

namespace fairlead::cli {
namespace {

using testing::HasSubstr;

// A disk of a few files.
class Files final : public config::Environment {
 public:
  std::optional<std::string> variable(const std::string&) const override { return std::nullopt; }
  std::expected<std::string, std::string> read_file(const std::string& path, std::size_t) const override {
    const auto found = texts.find(path);
    if (found == texts.end()) return std::unexpected("no such file");
    return found->second;
  }
  std::vector<std::string> matching_files(const std::string&) const override { return {}; }

  std::map<std::string, std::string> texts;
};

class CheckCommand : public testing::Test {
 protected:
  int check(CheckArguments arguments) {
    arguments.files = {"fairlead.yaml"};
    Output output{out, err, false, false, quiet};
    const WriteFile write = [&](const std::string& path, const std::string& text) {
      files.texts[path] = text;
      return true;
    };
    return check_command(arguments, files, write, output);
  }
  void file(const std::string& text) { files.texts["fairlead.yaml"] = text; }

  Files files;
  std::ostringstream out;
  std::ostringstream err;
  bool quiet = false;
};

constexpr const char* kValid =
    "listeners: {a: {address: ':80'}, b: {address: ':81'}}\n"
    "routes: [a.com: x, b.com: y, c.com: y, {to: x}]\n"
    "pools:\n"
    "  x: {servers: [1, 2, 3]}\n"
    "  y: {servers: [4, 5], health: /h}\n";

TEST_F(CheckCommand, ends_a_valid_file_with_what_it_sets_up) {
  file(kValid);
  EXPECT_EQ(check({}), kDone);
  EXPECT_TRUE(
      out.str().ends_with("fairlead.yaml is valid: 2 listeners, 4 routes, 2 pools, 5 servers. 1 warning (F3002).\n"))
      << out.str();
}

TEST_F(CheckCommand, warnings_change_the_exit_code_only_when_strict) {
  file(kValid);
  EXPECT_EQ(check({.strict = true}), kInvalidConfig);
}

TEST_F(CheckCommand, counts_the_faults_of_an_invalid_file) {
  file("to: [a, b]\nhealth: {path: /h, rise: 0}\n");
  EXPECT_EQ(check({}), kInvalidConfig);
  EXPECT_THAT(out.str(), HasSubstr("\n3 errors. Nothing was changed.\n"));
}

TEST_F(CheckCommand, prints_one_line_per_fault_when_quiet) {
  quiet = true;
  file("to: a:1\nhealth: /h\nworkers: x\nlistn: :1\n");
  EXPECT_EQ(check({}), kInvalidConfig);
  EXPECT_EQ(out.str(),
            "fairlead.yaml:3:10: error[F0202]: `x` is not a whole number\n"
            "fairlead.yaml:4:1: error[F0101]: unknown key `listn`\n");
}

TEST_F(CheckCommand, writes_json_for_programs) {
  file("to: 1\nhealth: /h\nlistn: ':1'\n");
  EXPECT_EQ(check({.format = CheckFormat::json}), kInvalidConfig);
  EXPECT_THAT(out.str(), HasSubstr("\"schema\": \"fairlead.check/v1\""));
  EXPECT_THAT(out.str(), HasSubstr("\"line\": 3,\n      \"column\": 1,\n      \"end_column\": 6,"));
  EXPECT_THAT(out.str(), HasSubstr("\"text\": \"listen\""));
}

TEST_F(CheckCommand, writes_annotations_for_github) {
  file("to: 1\nhealth: /h\nworkers: x\n");
  EXPECT_EQ(check({.format = CheckFormat::github}), kInvalidConfig);
  EXPECT_EQ(out.str(),
            "::error file=fairlead.yaml,line=3,col=10,title=F0202::`x` is not a whole number%0Ahelp: write digits "
            "only, without quotes, units or a point\n");
}

TEST_F(CheckCommand, fixes_what_has_one_reading_and_keeps_the_rest) {
  file("listn: ':8080'  # a comment\nto: 1\nhealth: /h\ndefaults: {pool: {algorithm: \"round_robbin\"}}\n");
  EXPECT_EQ(check({.fix = true}), kDone);
  EXPECT_EQ(files.texts["fairlead.yaml"],
            "listen: ':8080'  # a comment\nto: 1\nhealth: /h\ndefaults: {pool: {algorithm: \"round_robin\"}}\n");
  EXPECT_THAT(err.str(), HasSubstr("- listn: ':8080'  # a comment\n+ listen: ':8080'  # a comment\n"));
}

TEST_F(CheckCommand, says_that_a_file_is_not_there) {
  EXPECT_EQ(check({}), kInvalidConfig);
  EXPECT_THAT(out.str(), HasSubstr("error[F0001]: `fairlead.yaml` cannot be read: no such file"));
}

TEST(ExplainCommand, prints_the_text_with_both_examples) {
  std::ostringstream out;
  std::ostringstream err;
  Output output{out, err};
  EXPECT_EQ(explain_command("f0203", output), kDone);
  EXPECT_THAT(out.str(), testing::StartsWith("F0203: a duration without a unit\n"));
  EXPECT_THAT(out.str(), HasSubstr("Wrong:\n    to: 3001\n"));
  EXPECT_EQ(explain_command("F0233", output), kBadCommandLine);
  EXPECT_THAT(err.str(), HasSubstr("Did you mean `F0203`?"));
}

TEST(SchemaCommand, prints_a_schema_of_the_draft_that_editors_read) {
  std::ostringstream out;
  Output output{out, out};
  EXPECT_EQ(schema_command(output), kDone);
  EXPECT_THAT(out.str(), HasSubstr("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\""));
}

TEST(Reference, has_a_row_for_each_option_with_its_default) {
  EXPECT_THAT(configuration_reference(), HasSubstr("| `pools.NAME.warmup` | duration | `10s` |"));
  EXPECT_THAT(configuration_reference(), HasSubstr("| `pools.NAME.servers[].weight` | whole number | `100` |"));
  EXPECT_THAT(configuration_reference(), HasSubstr("- `admin`: "));
  EXPECT_THAT(diagnostics_reference(), HasSubstr("## F1105: two routes match equally well"));
}

TEST(Color, is_for_terminals_unless_refused_or_forced) {
  EXPECT_TRUE(use_color(ColorChoice::automatic, true, nullptr));
  EXPECT_FALSE(use_color(ColorChoice::automatic, true, "1"));
  EXPECT_FALSE(use_color(ColorChoice::automatic, false, nullptr));
  EXPECT_TRUE(use_color(ColorChoice::always, false, "1"));
  EXPECT_FALSE(use_color(ColorChoice::never, true, nullptr));
}

}  // namespace
}  // namespace fairlead::cli
