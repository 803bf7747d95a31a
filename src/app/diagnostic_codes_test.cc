#include "app/diagnostic_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "app/config_test_support.h"

namespace fairlead::app {
namespace {

const std::filesystem::path kSources = FAIRLEAD_SOURCE_DIR "/src";

std::set<std::string> codes_in_source() {
  std::set<std::string> codes;
  const std::regex code("\"(F[0-9]{4})\"");
  for (const auto& file : std::filesystem::recursive_directory_iterator(kSources)) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".cc") || name.ends_with("_test.cc") || name.ends_with("_codes.cc")) continue;
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const std::string all = text.str();
    for (std::sregex_iterator found(all.begin(), all.end(), code), end; found != end; ++found)
      codes.insert((*found)[1].str());
  }
  return codes;
}

TEST(DiagnosticCodes, every_code_in_the_source_is_explained_and_no_other) {
  const std::set<std::string> used = codes_in_source();
  ASSERT_GT(used.size(), 50U) << "the source was not found from " << kSources;
  std::set<std::string> explained;
  for (const DiagnosticCode& code : diagnostic_codes()) explained.emplace(code.code);
  EXPECT_EQ(used, explained);
}

TEST(DiagnosticCodes, are_in_order) {
  EXPECT_TRUE(std::ranges::is_sorted(diagnostic_codes(), {}, &DiagnosticCode::code));
  EXPECT_EQ(find_diagnostic_code("F0203")->title, "a duration without a unit");
  EXPECT_EQ(find_diagnostic_code("F9999"), nullptr);
}

TEST(DiagnosticCodes, the_wrong_example_gives_the_code_and_the_right_one_is_clean) {
  // These two are about other files than the example.
  const std::set<std::string_view> about_surroundings{"F0001", "F1002", "F2102"};
  for (const DiagnosticCode& code : diagnostic_codes()) {
    if (about_surroundings.contains(code.code)) continue;
    EXPECT_THAT(codes(code.wrong), testing::Contains(std::string(code.code))) << code.wrong;
    EXPECT_THAT(codes(code.right), testing::IsEmpty()) << code.right;
  }
}

}  // namespace
}  // namespace fairlead::app
