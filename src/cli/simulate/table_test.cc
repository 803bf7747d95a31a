#include "cli/simulate/table.h"

#include <gtest/gtest.h>

namespace fairlead::cli::simulation {
namespace {

Table small_table() {
  return {.first = {"", {{"name", {"a", "long one"}}}},
          .groups = {{"normal", {{"p50", {"1 ms", "2 ±1 ms"}}, {"busy", {"50%", "9%"}}}},
                     {"after one dies", {{"p99", {"1 s", "2 s"}}}}},
          .marks = {"", "← this"}};
}

TEST(Table, stands_side_by_side_where_there_is_room) {
  EXPECT_EQ(small_table().text(100),
            "            normal           after one dies\n"
            "name        p50      busy    p99\n"
            "a           1 ms     50%     1 s\n"
            "long one    2 ±1 ms  9%      2 s               ← this\n");
}

TEST(Table, puts_groups_that_do_not_fit_below) {
  EXPECT_EQ(small_table().text(40),
            "            normal\n"
            "name        p50      busy\n"
            "a           1 ms     50%\n"
            "long one    2 ±1 ms  9%      ← this\n"
            "\n"
            "            after one dies\n"
            "name        p99\n"
            "a           1 s\n"
            "long one    2 s               ← this\n");
}

}  // namespace
}  // namespace fairlead::cli::simulation
