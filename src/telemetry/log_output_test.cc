#include "telemetry/log_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fairlead::telemetry {
namespace {

// A target that takes as much as it is told to.
struct Target {
  std::string written;
  std::size_t room = std::string::npos;
  std::size_t per_write = std::string::npos;
  int error = EAGAIN;  // once there is no room
  int reopened = 0;
};

class FakeSink final : public ByteSink {
 public:
  explicit FakeSink(Target& target) : target_(target) {}
  std::expected<std::size_t, int> write(std::string_view bytes) override {
    const std::size_t taken = std::min({bytes.size(), target_.room, target_.per_write});
    if (taken == 0) return std::unexpected(target_.error);
    target_.written += bytes.substr(0, taken);
    if (target_.room != std::string::npos) target_.room -= taken;
    return taken;
  }
  bool reopen() override {
    ++target_.reopened;
    target_.written += "[reopened]";
    return true;
  }
  int fd() const override { return 7; }

 private:
  Target& target_;
};

class LogOutputTest : public testing::Test {
 protected:
  using Progress = LogOutput::Progress;

  Target target_;
  std::vector<std::uint64_t> told_;
  LogOutput output_{"stdout", std::make_unique<FakeSink>(target_),
                    [this](std::uint64_t lost) { told_.push_back(lost); }};
};

TEST(LogRing, gives_back_what_was_put_in_across_its_end) {
  LogRing ring(16);
  std::string in;
  std::string out;
  for (int line = 0; line < 100; ++line) {
    const std::string text = std::string(static_cast<std::size_t>(line % 10), 'x') + "\n";
    ASSERT_TRUE(ring.push(text));
    in += text;
    for (const auto part : ring.readable()) {
      out.append(part.data(), part.size());
      ring.consume(part.size());
    }
    ASSERT_EQ(ring.used(), 0u);
  }
  EXPECT_EQ(in, out);
}

TEST(LogRing, drops_a_line_that_does_not_fit_as_a_whole_and_counts_it) {
  LogRing ring(16);
  EXPECT_TRUE(ring.push("0123456789\n"));
  EXPECT_FALSE(ring.push("too long\n"));
  EXPECT_TRUE(ring.push("fits\n"));
  EXPECT_FALSE(ring.push("\n"));
  EXPECT_EQ(ring.dropped(), 2u);
  EXPECT_EQ(ring.used(), 16u);
  EXPECT_FALSE(LogRing(16).push("longer than the whole ring\n"));
}

TEST_F(LogOutputTest, writes_what_waits_and_then_is_idle) {
  LogRing& ring = output_.add_ring(64);
  ring.push("one\n");
  ring.push("two\n");
  EXPECT_EQ(output_.drain(), Progress::wrote);
  EXPECT_EQ(target_.written, "one\ntwo\n");
  EXPECT_EQ(output_.drain(), Progress::idle);
  EXPECT_FALSE(output_.has_waiting_lines());
}

TEST_F(LogOutputTest, short_writes_never_mix_the_lines_of_two_rings) {
  LogRing& first = output_.add_ring(1024);
  LogRing& second = output_.add_ring(1024);
  for (int line = 0; line < 20; ++line) {
    first.push("aaaaaaaaaa\n");
    second.push("bbbbbbbbbb\n");
  }
  while (output_.has_waiting_lines()) {
    target_.room = 3;
    output_.drain();
  }
  std::istringstream lines(target_.written);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    ASSERT_TRUE(line == "aaaaaaaaaa" || line == "bbbbbbbbbb") << line;
  EXPECT_EQ(count, 40);
  EXPECT_TRUE(told_.empty());
}

TEST_F(LogOutputTest, a_stuck_target_costs_lines_and_says_so_once_when_it_takes_lines_again) {
  LogRing& ring = output_.add_ring(16);
  target_.room = 0;
  for (int line = 0; line < 10; ++line) {
    ring.push("1234567\n");
    EXPECT_EQ(output_.drain(), Progress::blocked);
    EXPECT_EQ(output_.fd_to_wait_for(), 7);
  }
  EXPECT_EQ(output_.dropped(), 8u);
  EXPECT_TRUE(told_.empty());
  target_.room = std::string::npos;
  EXPECT_EQ(output_.drain(), Progress::wrote);
  EXPECT_EQ(told_, std::vector<std::uint64_t>{8});
  ring.push("again\n");
  output_.drain();
  EXPECT_EQ(told_.size(), 1u);
  EXPECT_EQ(output_.fd_to_wait_for(), -1);
}

TEST_F(LogOutputTest, a_full_disk_is_waited_for_by_time_since_polling_it_would_spin) {
  output_.add_ring(64).push("line\n");
  target_.room = 0;
  target_.error = ENOSPC;
  EXPECT_EQ(output_.drain(), Progress::blocked);
  EXPECT_EQ(output_.fd_to_wait_for(), -1);
  EXPECT_TRUE(output_.has_waiting_lines());
}

TEST_F(LogOutputTest, a_reader_that_is_gone_is_not_waited_for) {
  LogRing& ring = output_.add_ring(64);
  ring.push("one\n");
  ring.push("two\n");
  target_.room = 0;
  target_.error = EPIPE;
  EXPECT_EQ(output_.drain(), Progress::blocked);
  EXPECT_FALSE(output_.has_waiting_lines());
  EXPECT_EQ(output_.dropped(), 2u);
}

TEST_F(LogOutputTest, a_new_target_begins_with_a_whole_line) {
  LogRing& ring = output_.add_ring(64);
  ring.push("half written\n");
  ring.push("next\n");
  target_.room = 4;
  target_.error = ENOSPC;
  output_.drain();
  target_.room = std::string::npos;
  output_.reopen();
  output_.drain();
  EXPECT_EQ(target_.written, "half[reopened]next\n");
  EXPECT_EQ(output_.dropped(), 1u);
}

class FileSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "fairlead_log_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path directory_;
};

TEST_F(FileSinkTest, appends_to_its_file_and_follows_a_rotation) {
  const std::filesystem::path path = directory_ / "access.log";
  std::ofstream(path) << "before\n";
  auto sink = file_sink(path);
  ASSERT_TRUE(sink);
  EXPECT_EQ((*sink)->write("one\n"), 4u);
  std::filesystem::rename(path, directory_ / "access.log.1");
  EXPECT_EQ((*sink)->write("two\n"), 4u);
  EXPECT_TRUE((*sink)->reopen());
  EXPECT_EQ((*sink)->write("three\n"), 6u);
  EXPECT_EQ(content(directory_ / "access.log.1"), "before\none\ntwo\n");
  EXPECT_EQ(content(path), "three\n");
}

TEST_F(FileSinkTest, keeps_the_old_file_where_the_new_one_cannot_be_opened) {
  const std::filesystem::path folder = directory_ / "logs";
  std::filesystem::create_directory(folder);
  auto sink = file_sink(folder / "access.log");
  ASSERT_TRUE(sink);
  std::filesystem::rename(folder, directory_ / "moved");
  EXPECT_FALSE((*sink)->reopen());
  EXPECT_EQ((*sink)->write("kept\n"), 5u);
  EXPECT_EQ(content(directory_ / "moved" / "access.log"), "kept\n");
  EXPECT_EQ(file_sink(folder / "access.log").error(), ENOENT);
}

TEST_F(FileSinkTest, a_device_without_space_says_so) {
  auto sink = file_sink("/dev/full");
  ASSERT_TRUE(sink);
  EXPECT_EQ((*sink)->write("line\n").error(), ENOSPC);
}

TEST(FdSink, never_blocks_on_a_pipe_that_nobody_reads) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto sink = fd_sink(ends[1]);
  const std::string block(10'000, 'x');
  std::size_t total = 0;
  while (const auto written = sink->write(block)) total += *written;
  EXPECT_GE(total, 4096u);
  EXPECT_EQ(sink->write(block).error(), EAGAIN);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace fairlead::telemetry
