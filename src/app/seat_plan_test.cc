#include "app/seat_plan.h"

#include <gtest/gtest.h>

#include "app/descriptor_limit.h"

namespace fairlead::app {
namespace {

TEST(AutomaticConnections, are_half_of_the_descriptors_that_are_left) {
  EXPECT_EQ(automatic_connections(1024, {.workers = 2, .addresses = 1, .servers = 2}), (1024 - 16 - 6 - 2) / 2);
  EXPECT_EQ(automatic_connections(1024, {.workers = 2, .addresses = 1, .servers = 5000}), (1024 - 16 - 6 - 64) / 2);
}

TEST(AutomaticConnections, are_as_many_as_were_asked_for_where_there_are_descriptors) {
  EXPECT_EQ(automatic_connections(1024, {.asked = 700}), 700U);
  EXPECT_EQ(automatic_connections(1024, {.asked = 100'000}), 1024 - 16 - 3);
  EXPECT_EQ(automatic_connections(1024, {.asked = 10}), (1024 - 16 - 3) / 2);
}

TEST(AutomaticConnections, are_a_few_even_where_hardly_any_descriptor_is_left) {
  EXPECT_EQ(automatic_connections(8, {}), 8U);
  EXPECT_EQ(automatic_connections(~std::uint64_t{0}, {}), 1U << 30U);
}

class SeatPlanTest : public testing::Test {
 protected:
  void apply() { plan_.apply(options_, 1, 64, random_); }

  Options options_;
  Random random_{1};
  SeatPlan plan_;
};

TEST_F(SeatPlanTest, a_listener_has_its_own_limit_and_all_share_that_of_the_process) {
  options_.listeners["a"].limits.connections = 2;
  options_.listeners["b"];
  apply();
  const auto a = plan_.seats("a");
  const auto b = plan_.seats("b");
  std::vector<proxy::Seat> seats;
  for (int index = 0; index < 3; ++index) seats.push_back(proxy::Seat::take(*a));
  EXPECT_TRUE(seats[1]);
  EXPECT_FALSE(seats[2]);
  const std::uint32_t most = a->process().limit();
  while (seats.back() || b->own().taken() == 0) seats.push_back(proxy::Seat::take(*b));
  EXPECT_EQ(b->own().taken(), most - 2);
  seats.clear();
  EXPECT_EQ(a->process().taken(), 0U);
}

TEST_F(SeatPlanTest, seats_that_are_taken_outlast_a_reload) {
  options_.listeners["a"].limits.connections = 3;
  apply();
  const proxy::Seat first = proxy::Seat::take(*plan_.seats("a"));
  const proxy::Seat second = proxy::Seat::take(*plan_.seats("a"));
  options_.listeners["a"].limits.connections = 1;
  apply();
  EXPECT_EQ(plan_.seats("a")->own().taken(), 2U);
  EXPECT_FALSE(proxy::Seat::take(*plan_.seats("a")));
  options_.listeners["a"].limits.connections = 3;
  apply();
  EXPECT_TRUE(proxy::Seat::take(*plan_.seats("a")));
}

TEST_F(SeatPlanTest, clients_are_counted_on_over_a_reload_while_they_have_a_limit) {
  options_.listeners["a"].limits.per_client = 1;
  apply();
  const auto table = plan_.client_limit("a").table;
  options_.listeners["a"].limits.per_client = 5;
  apply();
  EXPECT_EQ(plan_.client_limit("a").table, table);
  EXPECT_EQ(plan_.client_limit("a").most, 5U);
  options_.listeners["a"].limits.per_client.reset();
  apply();
  EXPECT_EQ(plan_.client_limit("a").table, nullptr);
}

}  // namespace
}  // namespace fairlead::app
