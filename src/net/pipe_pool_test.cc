#include "net/pipe_pool.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/listening_socket.h"
#include "runtime/epoll/epoll_loop.h"

namespace fairlead::net {
namespace {

class PipePoolTest : public testing::Test {
 protected:
  PipePool pool_;
  runtime::EpollLoop loop_;
};

TEST_F(PipePoolTest, an_empty_pipe_is_used_again) {
  PipePool::Lease lease = pool_.take(loop_);
  ASSERT_NE(lease, nullptr);
  const runtime::Pipe* pipe = lease.get();
  lease.reset();
  EXPECT_EQ(pool_.take(loop_).get(), pipe);
}

TEST_F(PipePoolTest, there_is_an_end_to_pipes_in_use_and_one_given_back_makes_room) {
  std::vector<PipePool::Lease> leases;
  PipePool::Lease lease = pool_.take(loop_);
  while (lease != nullptr && leases.size() < 1000) {
    leases.push_back(std::move(lease));
    lease = pool_.take(loop_);
  }
  EXPECT_GE(leases.size(), 1U);
  EXPECT_LE(leases.size(), 128U);
  leases.pop_back();
  EXPECT_NE(pool_.take(loop_), nullptr);
}

}  // namespace
}  // namespace fairlead::net
