// The writer with real threads and a real pipe; worth running under ThreadSanitizer.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/log_writer.h"

namespace fairlead::telemetry {
namespace {

using namespace std::chrono_literals;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends_[1]; }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }
  std::string read_all() const {
    std::string all;
    std::array<char, 4096> piece;
    for (ssize_t got = 0; (got = ::read(ends_[0], piece.data(), piece.size())) > 0;)
      all.append(piece.data(), static_cast<std::size_t>(got));
    return all;
  }

 private:
  void close_end(std::size_t end) {
    if (ends_.at(end) >= 0) ::close(ends_.at(end));
    ends_.at(end) = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

TEST(LogWriterThreads, every_line_of_eight_workers_arrives_whole_and_in_order) {
  constexpr int kWorkers = 8;
  constexpr int kLines = 2000;
  Pipe pipe;
  LogWriter writer;
  LogOutput& output = writer.add(std::make_unique<LogOutput>("pipe", fd_sink(pipe.writer()), nullptr));
  std::vector<LogRing*> rings;
  for (int worker = 0; worker < kWorkers; ++worker) rings.push_back(&output.add_ring());
  writer.start();

  std::string read;
  std::thread reader([&] { read = pipe.read_all(); });
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      for (int line = 0; line < kLines; ++line)
        writer.write(*rings[static_cast<std::size_t>(worker)],
                     std::to_string(worker) + " " + std::to_string(line) + "\n");
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(writer.stop(10s));
  pipe.close_writer();
  reader.join();

  EXPECT_EQ(output.dropped(), 0u);
  std::istringstream lines(read);
  std::map<int, int> next;
  int worker = 0;
  int line = 0;
  while (lines >> worker >> line) ASSERT_EQ(line, next[worker]++) << "worker " << worker;
  ASSERT_EQ(next.size(), static_cast<std::size_t>(kWorkers));
  for (const auto& [of, count] : next) EXPECT_EQ(count, kLines) << "worker " << of;
}

TEST(LogWriterThreads, a_reader_that_never_reads_costs_lines_but_no_time) {
  Pipe pipe;
  // Full from the start: what the writer could get rid of would depend on who runs when.
  const std::string full(static_cast<std::size_t>(::fcntl(pipe.writer(), F_GETPIPE_SZ)), 'x');
  ASSERT_EQ(::write(pipe.writer(), full.data(), full.size()), static_cast<ssize_t>(full.size()));
  LogWriter writer;
  LogOutput& output = writer.add(std::make_unique<LogOutput>("pipe", fd_sink(pipe.writer()), nullptr));
  LogRing& ring = output.add_ring(1 << 12);
  writer.start();
  const std::string line(99, 'x');
  for (int count = 0; count < 10'000; ++count) writer.write(ring, line + "\n");
  EXPECT_GT(output.dropped(), 0u);
  EXPECT_FALSE(writer.stop(40ms)) << "lines are left, and the end was not waited for";
}

TEST(LogWriterThreads, a_reader_that_is_gone_ends_nothing) {
  Pipe pipe;
  LogWriter writer;
  LogOutput& output = writer.add(std::make_unique<LogOutput>("pipe", fd_sink(pipe.writer()), nullptr));
  LogRing& ring = output.add_ring(1 << 12);
  pipe.close_reader();
  writer.start();
  writer.write(ring, "nobody hears this\n");
  EXPECT_TRUE(writer.stop(10s));
  EXPECT_EQ(output.dropped(), 1u);
}

TEST(LogWriterThreads, stop_without_start_writes_nothing_and_ends) {
  LogWriter writer;
  EXPECT_TRUE(writer.stop(1s));
}

}  // namespace
}  // namespace fairlead::telemetry
