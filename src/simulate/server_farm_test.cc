#include "simulate/server_farm.h"

#include <gtest/gtest.h>

#include <array>

namespace fairlead::simulate {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::uint32_t, 2> kSlots{2, 1};
constexpr Window kMinute{.until = 1min};

Reply serve(ServerFarm& farm, std::size_t server, Duration at, Duration work = 100ms) {
  return farm.serve({.server = server, .since_start = at, .in_flight = 1, .duration = work});
}

TEST(ServerFarm, works_on_so_many_at_once_and_lets_the_others_wait) {
  ServerFarm farm(kSlots, {}, kMinute);
  EXPECT_EQ(serve(farm, 0, 1s).after, 100ms + ServerFarm::kConnect);
  EXPECT_EQ(serve(farm, 0, 1s).after, 100ms + ServerFarm::kConnect);
  EXPECT_EQ(serve(farm, 0, 1s).after, 200ms + ServerFarm::kConnect);
  EXPECT_EQ(serve(farm, 1, 1s).after, 100ms + ServerFarm::kConnect);
  EXPECT_EQ(serve(farm, 0, 5s).after, 100ms + ServerFarm::kConnect);
}

TEST(ServerFarm, a_dead_server_refuses_and_has_reset_what_it_had) {
  ServerFarm farm(kSlots, {{.kind = FaultKind::dies, .server = 1, .at = 10s}}, kMinute);
  EXPECT_FALSE(serve(farm, 1, 9s).error);
  const Reply reply = serve(farm, 1, 10s);
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, ErrorCode::connect_refused);
  EXPECT_TRUE(reply.error->retry_is_safe);
  EXPECT_TRUE(farm.check(1, 10s, true).error);
  ASSERT_EQ(farm.upsets().size(), 1U);
  EXPECT_EQ(farm.upsets()[0].at, 10s);
  EXPECT_TRUE(farm.upsets()[0].resets);
}

TEST(ServerFarm, a_hung_server_accepts_and_never_answers) {
  ServerFarm farm(kSlots, {{.kind = FaultKind::hangs, .server = 0, .at = 10s}}, kMinute);
  EXPECT_EQ(serve(farm, 0, 11s).after, Duration::max());
  EXPECT_EQ(farm.check(0, 11s, true).after, ServerFarm::kConnect);
  EXPECT_EQ(farm.check(0, 11s, false).after, Duration::max());
  EXPECT_FALSE(farm.upsets()[0].resets);
}

TEST(ServerFarm, a_slow_server_takes_so_many_times_as_long) {
  ServerFarm farm(kSlots, {{.kind = FaultKind::slows, .server = 0, .at = 10s, .factor = 20}}, kMinute);
  EXPECT_EQ(serve(farm, 0, 11s).after, 2s + ServerFarm::kConnect);
  EXPECT_TRUE(farm.upsets().empty());
}

TEST(ServerFarm, a_page_waits_for_a_slot_and_a_connection_does_not) {
  ServerFarm farm(kSlots, {}, kMinute);
  serve(farm, 1, 1s, 3s);
  EXPECT_EQ(farm.check(1, 2s, true).after, ServerFarm::kConnect);
  EXPECT_EQ(farm.check(1, 2s, false).after, 2s + 2 * ServerFarm::kConnect);
}

TEST(ServerFarm, is_as_busy_as_its_work_within_the_window) {
  ServerFarm farm(kSlots, {}, {.from = 10s, .until = 20s});
  serve(farm, 1, 5s, 10s);   // half of it counts
  serve(farm, 0, 15s, 15s);  // a third of it does
  EXPECT_NEAR(farm.busy(), 10.0 / 30, 0.001);
}

TEST(ServerFarm, servers_that_are_gone_or_idle_are_not_counted_as_free) {
  ServerFarm farm(kSlots, {{.kind = FaultKind::dies, .server = 0, .at = 0s}}, {.until = 10s});
  serve(farm, 1, 0s, 5s);
  EXPECT_NEAR(farm.busy(), 0.5, 0.001);
  ServerFarm with_backup(kSlots, {}, {.until = 10s});
  serve(with_backup, 1, 0s, 5s);
  EXPECT_NEAR(with_backup.busy(), 0.5, 0.001);
}

}  // namespace
}  // namespace fairlead::simulate
