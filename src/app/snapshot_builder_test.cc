#include "app/snapshot_builder.h"

#include <gtest/gtest.h>

namespace fairlead::app {
namespace {

pool::ServerOptions server(std::string name, std::uint16_t port, std::uint32_t weight = 100) {
  return {.name = std::move(name), .address = {.host = "10.0.0.1", .port = port}, .weight = weight};
}

Options with(std::vector<pool::ServerOptions> servers) {
  Options options;
  options.pools["web"].servers = std::move(servers);
  options.routes = {{.to = "web"}};
  return options;
}

const pool::Server* at(const proxy::Snapshot& snapshot, std::size_t index) {
  return snapshot.pools.front()->members()[index].server.get();
}

TEST(SnapshotBuilder, a_server_stays_while_pool_name_and_address_do) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("a", 1), server("b", 2)}), 1);
  const auto second = builder.build(with({server("b", 2), server("a", 1)}), 2);
  EXPECT_EQ(at(*first, 0), at(*second, 1));
  EXPECT_EQ(at(*first, 1), at(*second, 0));
  EXPECT_EQ(second->generation, 2U);
}

TEST(SnapshotBuilder, another_address_is_another_server) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("a", 1)}), 1);
  const auto second = builder.build(with({server("a", 2)}), 2);
  EXPECT_NE(at(*first, 0), at(*second, 0));
}

TEST(SnapshotBuilder, a_server_that_left_and_came_back_is_a_new_one) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("a", 1), server("b", 2)}), 1);
  builder.build(with({server("a", 1)}), 2);
  const auto third = builder.build(with({server("a", 1), server("b", 2)}), 3);
  EXPECT_EQ(at(*first, 0), at(*third, 0));
  EXPECT_NE(at(*first, 1), at(*third, 1));
}

TEST(SnapshotBuilder, a_server_without_a_name_is_known_by_its_address) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("", 1)}), 1);
  EXPECT_EQ(at(*first, 0)->name(), "10.0.0.1:1");
  EXPECT_EQ(at(*builder.build(with({server("", 1)}), 2), 0), at(*first, 0));
}

TEST(SnapshotBuilder, a_new_weight_reaches_the_server_that_stays_and_every_view_of_it) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("a", 1, 100)}), 1);
  const std::uint64_t epoch = first->pools.front()->epoch();
  const auto second = builder.build(with({server("a", 1, 7)}), 2);
  EXPECT_EQ(at(*second, 0)->weight(), 7U);
  EXPECT_GT(second->pools.front()->epoch(), epoch);
}

TEST(SnapshotBuilder, the_role_belongs_to_the_generation) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("a", 1)}), 1);
  Options options = with({server("a", 1)});
  options.pools["web"].servers.front().backup = true;
  const auto second = builder.build(options, 2);
  EXPECT_FALSE(first->pools.front()->members()[0].backup);
  EXPECT_TRUE(second->pools.front()->members()[0].backup);
}

TEST(SnapshotBuilder, the_retry_budget_stays_with_the_pool) {
  SnapshotBuilder builder;
  const auto first = builder.build(with({server("a", 1)}), 1);
  const auto second = builder.build(with({server("b", 2)}), 2);
  EXPECT_EQ(&first->pools.front()->retry_budget(), &second->pools.front()->retry_budget());
}

TEST(SnapshotBuilder, a_route_leads_to_its_pool_and_one_without_to_none) {
  SnapshotBuilder builder;
  Options options = with({server("a", 1)});
  options.pools["api"].servers = {server("x", 9)};
  options.routes = {{.to = "web"}, {.to = "api"}, {.redirect = proxy::RedirectOptions{}}};
  const auto snapshot = builder.build(options, 1);
  const auto& routes = snapshot->routes.routes();
  EXPECT_EQ(snapshot->pools[routes[0].pool]->name(), "web");
  EXPECT_EQ(snapshot->pools[routes[1].pool]->name(), "api");
  EXPECT_EQ(routes[2].pool, proxy::Route::kNoPool);
}

TEST(SnapshotBuilder, a_limit_is_learned_until_it_is_configured) {
  SnapshotBuilder builder;
  const auto build = [&](std::optional<std::uint32_t> limit) {
    Options options = with({server("a", 1)});
    options.pools["web"].limits.max_inflight = limit;
    return builder.build(options, 1)->pools.front()->members().front().server;
  };
  const auto kept = build(pool::PoolLimits::kLearned);
  EXPECT_TRUE(kept->learns_max_inflight());
  EXPECT_EQ(kept->max_inflight(), pool::LearnedLimit::kFirst);
  build(pool::LearnedLimit::kFirst);
  EXPECT_FALSE(kept->learns_max_inflight());
  EXPECT_EQ(kept->max_inflight(), pool::LearnedLimit::kFirst);
  build(std::nullopt);
  EXPECT_EQ(kept->max_inflight(), 0U);
}

TEST(SnapshotBuilder, servers_of_other_zones_are_far_and_those_without_a_zone_are_not) {
  Options options = with({server("a", 1), server("b", 2), server("c", 3)});
  options.pools.at("web").servers[0].zone = "east";
  options.pools.at("web").servers[1].zone = "west";
  const auto far = [&] {
    std::vector<bool> all;
    for (const pool::Member& member : SnapshotBuilder().build(options, 1)->pools.front()->members())
      all.push_back(member.far);
    return all;
  };
  EXPECT_EQ(far(), std::vector<bool>({false, false, false}));
  options.zone = "east";
  EXPECT_EQ(far(), std::vector<bool>({false, true, false}));
}

TEST(SnapshotBuilder, each_machine_has_a_subset_of_its_own_and_keeps_it) {
  std::vector<pool::ServerOptions> servers;
  for (std::uint16_t port = 1; port <= 50; ++port) servers.push_back(server("s" + std::to_string(port), port));
  Options options = with(servers);
  options.pools.at("web").subset = 5;
  const auto first_of = [&](const std::string& secret) {
    const auto snapshot = SnapshotBuilder(secret).build(options, 1);
    const auto ranked = snapshot->pools.front()->by_rank();
    return std::vector<std::uint32_t>(ranked.begin(), ranked.begin() + 5);
  };
  EXPECT_EQ(first_of("one"), first_of("one"));
  EXPECT_NE(first_of("one"), first_of("two"));
}

}  // namespace
}  // namespace fairlead::app
