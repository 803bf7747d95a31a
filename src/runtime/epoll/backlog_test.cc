#include "runtime/epoll/backlog.h"

#include <gtest/gtest.h>

namespace fairlead::runtime {
namespace {

TEST(Backlog, first_come_first_served) {
  Backlog backlog;
  EXPECT_TRUE(backlog.empty());
  for (std::uint64_t tag = 0; tag < 3; ++tag) backlog.push(tag);
  EXPECT_EQ(backlog.at(2), 2U);
  for (std::uint64_t tag = 0; tag < 3; ++tag) EXPECT_EQ(backlog.pop(), tag);
  EXPECT_TRUE(backlog.empty());
}

// It never runs empty, grows, shrinks and moves what it holds on the way.
TEST(Backlog, keeps_the_order_however_long_it_is_in_use) {
  Backlog backlog;
  std::uint64_t pushed = 0;
  std::uint64_t popped = 0;
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    const std::uint64_t in = step * 7 % 40;
    for (std::uint64_t tag = 0; tag < in; ++tag) backlog.push(pushed++);
    for (std::uint64_t tag = 0; tag < step * 11 % 41 && backlog.size() > 1; ++tag) ASSERT_EQ(backlog.pop(), popped++);
    ASSERT_EQ(backlog.size(), pushed - popped);
    if (!backlog.empty()) {
      ASSERT_EQ(backlog.at(backlog.size() - 1), pushed - 1);
    }
  }
}

}  // namespace
}  // namespace fairlead::runtime
