// From text to tree: YAML, substitutions and includes, with the place of every fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "config/include.h"
#include "config/node_text.h"
#include "config/yaml_tree.h"

namespace fairlead::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A machine with a few variables and files. A pattern matches what begins as it does.
class FakeEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  std::expected<std::string, std::string> read_file(const std::string& path, std::size_t) const override {
    const auto found = files.find(path);
    if (found == files.end()) return std::unexpected("no such file");
    return found->second;
  }
  std::vector<std::string> matching_files(const std::string& pattern) const override {
    std::vector<std::string> matches;
    for (const auto& [path, text] : files)
      if (path.starts_with(pattern.substr(0, pattern.find('*')))) matches.push_back(path);
    return matches;
  }

  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
};

struct Outcome {
  std::string yaml;                 // the tree, written again
  std::vector<std::string> faults;  // `F0005 1:4`
  Diagnostics diagnostics;
};

Outcome read(const std::string& text, const FakeEnvironment& environment = {}) {
  Sources sources;
  Report report(sources);
  const auto tree = read_with_includes({"main.yaml", text}, environment, sources, report);
  Outcome outcome;
  if (tree) outcome.yaml = to_yaml(*tree);
  outcome.diagnostics = report.take();
  for (const Diagnostic& fault : outcome.diagnostics)
    outcome.faults.push_back(fault.code + " " + std::to_string(fault.line) + ":" + std::to_string(fault.column));
  return outcome;
}

TEST(Yaml, keeps_plain_scalars_as_text) {
  EXPECT_EQ(read("a: no\nb: 1e3\nc: 08\nd: [x, 'y', \"z\\n\"]\n").yaml, "a: no\nb: 1e3\nc: 08\nd: [x, y, \"z\\n\"]\n");
}

TEST(Yaml, an_empty_file_is_an_empty_map) {
  EXPECT_THAT(read("").faults, IsEmpty());
  EXPECT_THAT(read("# nothing\n").faults, IsEmpty());
}

TEST(Yaml, counts_columns_in_characters) { EXPECT_THAT(read("é: {a: 1, a: 2}").faults, ElementsAre("F0005 1:11")); }

TEST(Yaml, shows_both_places_of_a_duplicate_key) {
  const Outcome outcome = read("a: 1\nb: 2\na: 3\n");
  EXPECT_THAT(outcome.faults, ElementsAre("F0005 3:1"));
  EXPECT_EQ(outcome.diagnostics[0].label, "first given at line 1");
}

TEST(Yaml, refuses_what_other_tools_read_in_different_ways) {
  EXPECT_THAT(read("a: {<<: {b: 1}}").faults, ElementsAre("F0007 1:5"));
  EXPECT_THAT(read("a: 1\n---\nb: 2\n").faults, ElementsAre("F0008 2:1"));
  EXPECT_THAT(read("a: *b").faults, ElementsAre("F0009 1:4"));
  EXPECT_THAT(read("a: !!int 1").faults, ElementsAre("F0010 1:4"));
  EXPECT_THAT(read("{[a]: b}").faults, ElementsAre("F0002 1:2"));
  EXPECT_THAT(read("- a\n- b\n").faults, ElementsAre("F0201 1:1"));
}

TEST(Yaml, names_tabs_and_bad_text_plainly) {
  EXPECT_THAT(read("a:\n\tb: 1\n").faults, ElementsAre("F0003 2:1"));
  EXPECT_THAT(read("a:\n  \tb: 1\n").faults, ElementsAre("F0003 2:3"));
  EXPECT_THAT(read("a: 1\nb: \xff\n").faults, ElementsAre("F0004 2:4"));
  EXPECT_THAT(read("a: \"\xed\xa0\x80\"\n").faults, ElementsAre("F0004 1:5"));
  EXPECT_THAT(read("a: \"\\0\"\n").faults, ElementsAre("F0004 1:4"));
  EXPECT_THAT(read("{\n\t\"a\": 1\n}").faults, IsEmpty()) << "JSON may be indented by tabs";
}

TEST(Yaml, says_where_an_open_bracket_is) {
  const Outcome outcome = read("a: [1,\nb: 2\n");
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].code, "F0002");
  EXPECT_THAT(outcome.diagnostics[0].help, HasSubstr("line 1"));
}

TEST(Yaml, is_bounded_in_depth_nodes_and_aliases) {
  const std::string deep = "a: " + std::string(63, '[') + std::string(63, ']');
  EXPECT_THAT(read(deep).faults, IsEmpty());
  EXPECT_THAT(read("a: " + std::string(100'000, '[')).faults, ElementsAre("F0006 1:67"));
  std::string aliases = "a: &a [1]\nb: [";
  for (int count = 0; count < 101; ++count) aliases += "*a, ";
  EXPECT_THAT(read(aliases + "]").faults, ElementsAre(testing::StartsWith("F0006 2:")));
  std::string bomb = "x0: &x0 [1,2,3,4,5,6,7,8,9,10]\n";
  for (int level = 1; level < 9; ++level) {
    const std::string below = "*x" + std::to_string(level - 1);
    bomb += "x" + std::to_string(level) + ": &x" + std::to_string(level) + " [" + below;
    for (int copy = 1; copy < 10; ++copy) bomb += ", " + below;
    bomb += "]\n";
  }
  EXPECT_THAT(read(bomb).faults, ElementsAre(testing::StartsWith("F0006")));
}

TEST(Yaml, an_alias_stands_for_its_value_and_not_for_itself) {
  EXPECT_EQ(read("a: &x {b: 1}\nc: *x\n").yaml, "a:\n  b: 1\nc:\n  b: 1\n");
  EXPECT_THAT(read("a: &x [*x]").faults, ElementsAre("F0009 1:8"));
}

TEST(Substitution, puts_in_variables_files_and_credentials) {
  FakeEnvironment machine;
  machine.variables = {{"A", "1"}, {"EMPTY", ""}, {"CREDENTIALS_DIRECTORY", "/run/c"}};
  machine.files = {{"/s", "secret\n"}, {"/run/c/token", "t"}};
  EXPECT_EQ(
      read("a: ${A}-${A}\nb: '${B:-x}'\nc: '${EMPTY:-y}${EMPTY}'\nd: ${file:/s}\ne: ${cred:token}\nf: 5$\n", machine)
          .yaml,
      "a: 1-1\nb: x\nc: y\nd: secret\ne: t\nf: 5$$\n");
}

TEST(Substitution, two_dollars_are_one_and_a_value_adds_no_structure) {
  FakeEnvironment machine;
  machine.variables = {{"A", "[x, y]: {"}, {"B", "${A}"}};
  EXPECT_EQ(read("a: $${A}\nb: ${A}\nc: ${B}\n", machine).yaml, "a: \"$${A}\"\nb: \"[x, y]: {\"\nc: \"$${A}\"\n");
}

TEST(Substitution, points_at_the_dollar_of_what_is_missing) {
  EXPECT_THAT(read("a: 'x $$ ${NO}'").faults, ElementsAre("F2101 1:10"));
  EXPECT_THAT(read("a: x${NO}y\nb: {c: [1, \"${file:/no}\"]}").faults, ElementsAre("F2101 1:5", "F2101 2:13"));
  EXPECT_THAT(read("a: ${cred:x}").faults, ElementsAre("F2101 1:4"));
  EXPECT_THAT(read("a: ${cred:../x}").faults, ElementsAre("F2101 1:4"));
  const Outcome outcome = read("a: '${NO:?choose one}'");
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].message, "`NO` is not set: choose one");
  EXPECT_EQ(outcome.diagnostics[0].path, "a");
}

TEST(Substitution, refuses_what_only_looks_like_one) {
  EXPECT_THAT(read("a: ${").faults, ElementsAre("F0011 1:4"));
  EXPECT_THAT(read("a: '${}'\nb: '${A-x}'\nc: '${a b}'").faults, ElementsAre("F0011 1:5", "F0011 2:5", "F0011 3:5"));
}

TEST(Include, merges_maps_by_name_and_appends_lists) {
  FakeEnvironment machine;
  machine.files = {{"conf.d/a.yaml", "routes: [r2]\npools: {b: 2}\n"}, {"conf.d/b.yaml", "routes: [r3]\nworkers: 2\n"}};
  EXPECT_EQ(read("include: [conf.d/*.yaml]\nroutes: [r1]\npools: {a: 1}\n", machine).yaml,
            "routes: [r1, r2, r3]\npools:\n  a: 1\n  b: 2\nworkers: 2\n");
}

TEST(Include, is_relative_to_the_including_file) {
  FakeEnvironment machine;
  machine.files = {{"conf.d/a.yaml", "include: more/b.yaml"}, {"conf.d/more/b.yaml", "x: 1"}};
  EXPECT_EQ(read("include: conf.d/a.yaml", machine).yaml, "x: 1\n");
}

TEST(Include, shows_both_places_of_a_name_that_two_files_define) {
  FakeEnvironment machine;
  machine.files = {{"a.yaml", "\npools: {web: 2}"}};
  const Outcome outcome = read("include: a.yaml\npools: {web: 1}", machine);
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].code, "F1002");
  EXPECT_EQ(outcome.diagnostics[0].file, "a.yaml");
  EXPECT_EQ(outcome.diagnostics[0].line, 2U);
  EXPECT_EQ(outcome.diagnostics[0].label, "first defined at main.yaml:2");
}

TEST(Include, a_version_may_be_said_in_each_file_and_other_values_once) {
  FakeEnvironment machine;
  machine.files = {{"a.yaml", "version: 1\nworkers: 3"}};
  EXPECT_EQ(read("include: a.yaml\nversion: 1\nworkers: 2", machine).diagnostics.at(0).code, "F1002");
  EXPECT_THAT(read("include: a.yaml\nversion: 1", machine).faults, IsEmpty());
}

TEST(Include, a_missing_file_and_a_cycle_are_refused_and_an_empty_pattern_is_not) {
  FakeEnvironment machine;
  machine.files = {{"a.yaml", "include: a.yaml"}};
  EXPECT_THAT(read("include: [none.yaml]").faults, ElementsAre("F1003 1:11"));
  EXPECT_THAT(read("include: a.yaml", machine).faults, ElementsAre("F1003 1:10"));
  EXPECT_THAT(read("include: none/*.yaml").faults, IsEmpty());
  EXPECT_THAT(read("include: [{a: b}]").faults, ElementsAre("F1003 1:11"));
}

}  // namespace
}  // namespace fairlead::config
