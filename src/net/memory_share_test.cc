#include "net/memory_share.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "base/counted_heap.h"
#include "net/connection.h"
#include "net/socket_address.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/slab.h"

namespace fairlead::net {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
// Such come from the heap and go back to it; such as are smaller stay in the slab.
constexpr std::size_t kLargeBlock = kMiB / 16;
constexpr std::size_t kSmallBlock = 1024;

constexpr bool kKeepsBlocks = !runtime::Slab::kIsHeap;

// On a thread of its own, which holds nothing yet.
void on_new_thread(void (*test)()) { std::thread(test).join(); }

class Blocks {
 public:
  Blocks(std::size_t bytes, std::size_t size) : size_(size) {
    for (std::size_t index = 0; index < bytes / size; ++index) blocks_.push_back(runtime::Slab::allocate(size));
  }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() { release(); }

  void release() {
    for (void* block : blocks_) runtime::Slab::release(block, size_);
    blocks_.clear();
  }
  // Leaves one of `every` in use.
  void thin_out(std::size_t every) {
    std::vector<void*> kept;
    for (std::size_t index = 0; index < blocks_.size(); ++index) {
      if (index % every == 0)
        kept.push_back(blocks_[index]);
      else
        runtime::Slab::release(blocks_[index], size_);
    }
    blocks_ = std::move(kept);
  }

 private:
  std::size_t size_;
  std::vector<void*> blocks_;
};

TEST(MemoryShare, new_connections_are_refused_before_new_requests_are) {
  on_new_thread([] {
    MemoryShare share;
    EXPECT_TRUE(share.has_room_for_connection());
    share.set_limit(16 * kMiB);
    Blocks most(14 * kMiB, kLargeBlock);
    EXPECT_TRUE(share.has_room_for_connection());
    const Blocks more(kMiB, kLargeBlock);
    EXPECT_FALSE(share.has_room_for_connection());
    EXPECT_TRUE(share.has_room_for_request());
    const Blocks last(kMiB / 2, kLargeBlock);
    EXPECT_FALSE(share.has_room_for_request());
    most.release();
    EXPECT_TRUE(share.has_room_for_request());
    EXPECT_TRUE(share.has_room_for_connection());
  });
}

TEST(MemoryShare, what_is_free_in_the_slab_serves_again) {
  if (!kKeepsBlocks) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    MemoryShare share;
    share.set_limit(16 * kMiB);
    Blocks most(15 * kMiB, kSmallBlock);
    EXPECT_FALSE(share.has_room_for_connection());
    // No chunk is free, so that nothing can be given back.
    most.thin_out(2);
    EXPECT_GE(runtime::Slab::usage().free, 7 * kMiB);
    EXPECT_TRUE(share.has_room_for_connection());
  });
}

TEST(MemoryShare, blocks_of_different_sizes_do_not_add_up_beyond_the_limit) {
  if (!kKeepsBlocks) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    MemoryShare share;
    share.set_limit(16 * kMiB);
    std::size_t rounds = 0;
    for (std::size_t size = 1024; size <= runtime::Slab::kLargest; size += 16, ++rounds) {
      // As an attacker would: as much as it gets of each size, all of it given back before the next.
      std::vector<void*> blocks;
      while (share.has_room_for_request() && blocks.size() < 16 * kMiB / size)
        blocks.push_back(runtime::Slab::allocate(size));
      EXPECT_GE(blocks.size() * size, 8 * kMiB) << size;
      // And what is left of a chunk.
      EXPECT_LE(runtime::Slab::usage().in_use + runtime::Slab::usage().free, 16 * kMiB + 64 * 1024) << size;
      for (void* block : blocks) runtime::Slab::release(block, size);
    }
    EXPECT_EQ(rounds, 193U);
  });
}

TEST(MemoryShare, chunks_that_a_few_blocks_keep_neither_break_the_limit_nor_shut_anybody_out) {
  if (!kKeepsBlocks) GTEST_SKIP() << "every block comes from the heap";
  on_new_thread([] {
    MemoryShare share;
    share.set_limit(16 * kMiB);
    Blocks pinning(14 * kMiB, kSmallBlock);
    pinning.thin_out(32);  // one of each chunk stays
    EXPECT_GE(runtime::Slab::usage().free, 12 * kMiB);
    std::vector<std::unique_ptr<Blocks>> large;
    while (share.has_room_for_request()) large.push_back(std::make_unique<Blocks>(kLargeBlock, kLargeBlock));
    EXPECT_GE(large.size() * kLargeBlock, 4 * kMiB);
    const std::size_t held = runtime::Slab::usage().in_use + runtime::Slab::usage().free + CountedHeap::in_use();
    EXPECT_LE(held, 20 * kMiB);
  });
}

TEST(MemoryShare, counts_what_the_kernel_keeps_for_connections) {
  on_new_thread([] {
    runtime::SimulatedLoop loop(1);
    const SocketAddress address = *numeric_address("10.0.0.1", 80);
    const int listening = loop.listen(address.get(), address.size);
    MemoryShare share;
    share.set_limit(8 * 10 * MemoryShare::kSocket);
    std::vector<std::unique_ptr<Connection>> connections;
    while (share.has_room_for_connection())
      connections.push_back(std::make_unique<Connection>(loop, loop.connect(address.get(), address.size).descriptor));
    EXPECT_EQ(connections.size(), 71U);
    EXPECT_EQ(Connection::open_on_this_thread(), connections.size());
    const Connection moved(std::move(*connections[0]));
    EXPECT_EQ(Connection::open_on_this_thread(), connections.size());
    connections.clear();
    EXPECT_EQ(Connection::open_on_this_thread(), 1U);
    loop.close(listening, false);
  });
}

}  // namespace
}  // namespace fairlead::net
