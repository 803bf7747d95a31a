#include "cli/replace_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fairlead::cli {
namespace {

namespace fs = std::filesystem;

class ReplaceFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "fairlead-replace-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string content(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(ReplaceFile, MakesTheFileAndLeavesNothingBeside) {
  EXPECT_TRUE(replace_file(folder_ / "new.yaml", "listen: :8080\n"));
  EXPECT_EQ(content(folder_ / "new.yaml"), "listen: :8080\n");
  EXPECT_EQ(files(), 1U);
}

TEST_F(ReplaceFile, KeepsThePermissionsOfTheFile) {
  const fs::path file = folder_ / "secret.yaml";
  std::ofstream(file) << "old";
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_TRUE(replace_file(file, "new"));
  EXPECT_EQ(content(file), "new");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ReplaceFile, ALinkStaysALink) {
  std::ofstream(folder_ / "real.yaml") << "old";
  fs::create_symlink(folder_ / "real.yaml", folder_ / "link.yaml");
  EXPECT_TRUE(replace_file(folder_ / "link.yaml", "new"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.yaml"));
  EXPECT_EQ(content(folder_ / "real.yaml"), "new");
}

TEST_F(ReplaceFile, AFolderThatIsNotThereIsAFailure) {
  EXPECT_FALSE(replace_file(folder_ / "missing" / "a.yaml", "text"));
}

}  // namespace
}  // namespace fairlead::cli
