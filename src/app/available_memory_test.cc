#include "app/available_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace fairlead::app {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// A /proc and a /sys of our own.
class MachineMemory : public testing::Test {
 protected:
  MachineMemory() { write("proc/meminfo", "MemTotal:       1048576 kB\nMemFree:         1000 kB\n"); }
  ~MachineMemory() override { std::filesystem::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = root_ / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::uint64_t mebibytes() const { return memory_of_machine(root_) / kMiB; }

  std::filesystem::path root_ =
      std::filesystem::path(testing::TempDir()) /
      ("memory_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(MachineMemory, is_what_the_machine_has_where_nothing_limits_it) {
  EXPECT_EQ(mebibytes(), 1024U);
  write("proc/self/cgroup", "0::/user.slice\n");
  write("sys/fs/cgroup/user.slice/memory.max", "max\n");
  EXPECT_EQ(mebibytes(), 1024U);
}

TEST_F(MachineMemory, is_what_the_groups_allow_in_version_2) {
  write("proc/self/cgroup", "0::/system.slice/fairlead.service\n");
  write("sys/fs/cgroup/system.slice/memory.max", "419430400\n");
  write("sys/fs/cgroup/system.slice/fairlead.service/memory.max", "max\n");
  EXPECT_EQ(mebibytes(), 400U);
  write("sys/fs/cgroup/system.slice/fairlead.service/memory.max", "67108864\n");
  EXPECT_EQ(mebibytes(), 64U);
  write("sys/fs/cgroup/system.slice/fairlead.service/memory.high", "50331648\n");
  EXPECT_EQ(mebibytes(), 48U);
}

TEST_F(MachineMemory, is_what_the_container_allows_whose_group_is_at_the_top) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "134217728\n");
  EXPECT_EQ(mebibytes(), 128U);
  write("proc/self/cgroup", "0::/../../elsewhere\n");
  EXPECT_EQ(mebibytes(), 128U);
}

TEST_F(MachineMemory, is_what_the_groups_allow_in_version_1) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(mebibytes(), 1024U);
  write("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "209715200\n");
  EXPECT_EQ(mebibytes(), 200U);
  // Seen from within, the container's own group is at the top.
  write("proc/self/cgroup", "4:memory:/docker/elsewhere\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
  EXPECT_EQ(mebibytes(), 100U);
}

TEST_F(MachineMemory, what_cannot_be_read_is_no_limit) {
  write("proc/self/cgroup", "nonsense\n::\n0::/a\n");
  write("sys/fs/cgroup/a/memory.max", "many\n");
  EXPECT_EQ(mebibytes(), 1024U);
}

TEST(AvailableMemory, this_process_uses_some_of_what_it_may) {
  EXPECT_GT(memory_in_use(), 0U);
  EXPECT_GT(available_memory(), memory_in_use());
}

TEST(AvailableMemory, of_the_addresses_that_are_left_half_counts) {
  std::uint64_t mapped_pages = 0;
  std::ifstream("/proc/self/statm") >> mapped_pages;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit bound{.rlim_cur = mapped_pages * static_cast<std::uint64_t>(::getpagesize()) + 128 * kMiB,
                     .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &bound), 0);
  const std::uint64_t beyond = available_memory() - memory_in_use();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_GE(beyond, 56 * kMiB);
  EXPECT_LE(beyond, 72 * kMiB);
}

}  // namespace
}  // namespace fairlead::app
