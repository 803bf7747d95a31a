#include "pool/room_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "base/random.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

// Servers with a limit of one request each, and a search over all of them.
class Full {
 public:
  explicit Full(std::size_t count) : servers(count) {
    for (std::size_t index = 0; index < count; ++index) {
      servers[index].publish_max_inflight(1);
      search.add(servers[index]);
    }
  }
  std::optional<Permit> take(const TriedServers& tried = {}) {
    return search.take(servers.vitals()->room, random.next(), tried);
  }
  // As many permits as there are.
  std::vector<Permit> take_all() {
    std::vector<Permit> permits;
    while (std::optional<Permit> permit = take()) permits.push_back(std::move(*permit));
    return permits;
  }

  TestServers servers;
  RoomSearch search;
  Random random{1};
};

TEST(RoomSearch, finds_every_server_with_room_and_no_other) {
  for (const std::size_t count : {1, 64, 65, 4096, 4097, 10'000}) {
    Full pool(count);
    std::vector<Permit> permits = pool.take_all();
    ASSERT_EQ(permits.size(), count);
    for (const std::size_t index : {std::size_t{0}, count / 2, count - 1}) {
      Server* server = permits[index].server();
      permits[index].release();
      permits[index] = std::move(pool.take().value());
      EXPECT_EQ(permits[index].server(), server);
    }
    EXPECT_FALSE(pool.take());
  }
}

TEST(RoomSearch, passes_over_what_was_tried_without_forgetting_it) {
  Full pool(70);
  TriedServers tried;
  tried.add(pool.servers[3]);
  std::vector<Permit> others;
  while (std::optional<Permit> permit = pool.take(tried)) others.push_back(std::move(*permit));
  EXPECT_EQ(others.size(), 69u);
  EXPECT_EQ(pool.take().value().server(), &pool.servers[3]);
}

TEST(RoomSearch, finds_the_room_of_a_higher_limit_and_of_none) {
  Full pool(3);
  std::vector<Permit> permits = pool.take_all();
  pool.servers[1].publish_max_inflight(3);
  std::vector<Permit> more = pool.take_all();
  EXPECT_EQ(more.size(), 2u);
  EXPECT_EQ(more.front().server(), &pool.servers[1]);
  pool.servers[2].publish_max_inflight(0);
  EXPECT_EQ(pool.take().value().server(), &pool.servers[2]);
}

TEST(RoomSearch, looks_among_its_own_servers_only) {
  TestServers servers(200);
  RoomSearch search;
  for (std::size_t index = 0; index < 200; ++index) {
    servers[index].publish_max_inflight(1);
    if (index % 3 == 0) search.add(servers[index]);
  }
  std::vector<Permit> permits;
  while (auto permit = search.take(servers.vitals()->room, 150, {})) permits.push_back(std::move(*permit));
  EXPECT_EQ(permits.size(), 67u);
  for (const Permit& permit : permits) EXPECT_EQ(servers.index_of(permit.server()) % 3, 0u);
}

TEST(RoomSearch, does_not_fall_on_the_first_servers) {
  Full pool(130);
  std::vector<int> hits(pool.servers.size());
  for (int round = 0; round < 13'000; ++round) ++hits[pool.servers.index_of(pool.take().value().server())];
  EXPECT_GT(std::ranges::min(hits), 0);
  EXPECT_LT(std::ranges::max(hits), 1300);
}

TEST(RoomMap, a_place_that_was_given_back_is_used_again) {
  const auto vitals = std::make_shared<PoolVitals>();
  const auto add = [&] { return std::make_shared<Server>(vitals, "web", "s", net::Endpoint{"127.0.0.1", 1, ""}, 100); };
  auto first = add();
  const auto second = add();
  const std::uint32_t slot = first->room_slot();
  first.reset();
  EXPECT_EQ(vitals->room.chunk(0).words[0], 2u);
  EXPECT_EQ(add()->room_slot(), slot);
}

// A bit that got lost would leave a server idle for ever.
TEST(RoomSearchThreads, no_room_is_lost_and_no_limit_passed) {
  constexpr std::size_t kServers = 70;
  constexpr int kWorkers = 8;
  Full pool(kServers);
  std::array<std::atomic<int>, kServers> inside{};
  std::atomic<bool> was_passed{false};
  std::atomic<bool> is_done{false};
  std::thread control([&] {
    for (std::uint32_t turn = 0; !is_done; ++turn) {
      pool.servers[turn % kServers].publish_max_inflight(1 + turn / kServers % 2);
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> workers;
  for (std::uint64_t worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      Random random(worker);
      std::array<Permit, 12> held;
      std::array<std::size_t, 12> where{};
      for (int round = 0; round < 20'000; ++round) {
        const std::size_t slot = random.below(held.size());
        if (held[slot].server() != nullptr) --inside[where[slot]];
        held[slot].release();
        std::optional<Permit> permit = pool.search.take(pool.servers.vitals()->room, random.next(), {});
        if (!permit) continue;
        held[slot] = std::move(*permit);
        where[slot] = pool.servers.index_of(held[slot].server());
        if (++inside[where[slot]] > 2) was_passed = true;
      }
      for (std::size_t slot = 0; slot < held.size(); ++slot)
        if (held[slot].server() != nullptr) --inside[where[slot]];
    });
  }
  for (std::thread& worker : workers) worker.join();
  is_done = true;
  control.join();
  for (std::size_t index = 0; index < kServers; ++index) pool.servers[index].publish_max_inflight(1);
  EXPECT_FALSE(was_passed);
  EXPECT_EQ(pool.take_all().size(), kServers);
}

// As above, but where the last permits come back there is nothing that would set the bits anew.
TEST(RoomSearchThreads, all_room_is_found_once_all_have_left) {
  constexpr std::size_t kServers = 3;
  for (int round = 0; round < 300; ++round) {
    Full pool(kServers);
    std::vector<std::thread> workers;
    for (std::uint64_t worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&, worker] {
        Random random(worker);
        for (int turn = 0; turn < 30; ++turn) (void)pool.search.take(pool.servers.vitals()->room, random.next(), {});
      });
    }
    for (std::thread& worker : workers) worker.join();
    ASSERT_EQ(pool.take_all().size(), kServers);
  }
}

}  // namespace
}  // namespace fairlead::pool
