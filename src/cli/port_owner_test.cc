#include "cli/port_owner.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

namespace fairlead::cli {
namespace {

namespace fs = std::filesystem;

class PortOwnerTest : public testing::Test {
 protected:
  PortOwnerTest() {
    fs::create_directories(proc_ / "net");
    fs::create_directories(proc_ / "4121/fd");
    fs::create_directories(proc_ / "self");
    std::ofstream(proc_ / "4121/comm") << "node\n";
    fs::create_symlink("socket:[777]", proc_ / "4121/fd/5");
    std::ofstream(proc_ / "net/tcp") << "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n"
                                     << "   0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 777 1\n"
                                     << "   1: 0100007F:1F91 0100007F:0050 01 0:0 00:0 0 0 0 778 1\n";
  }
  ~PortOwnerTest() override { fs::remove_all(proc_); }

  fs::path proc_ = fs::path(testing::TempDir()) / ("proc-" + std::to_string(::getpid()));
};

TEST_F(PortOwnerTest, names_the_process_that_listens) {
  const auto owner = find_port_owner(8080, proc_);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->name, "node");
  EXPECT_EQ(owner->pid, 4121);
}

TEST_F(PortOwnerTest, a_connection_from_the_port_is_no_owner) { EXPECT_FALSE(find_port_owner(8081, proc_)); }

TEST_F(PortOwnerTest, nobody_is_an_answer) { EXPECT_FALSE(find_port_owner(9, proc_)); }

TEST(PortOwner, finds_this_very_process) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto owner = find_port_owner(ntohs(address.sin_port));
  ::close(listener);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->pid, ::getpid());
}

}  // namespace
}  // namespace fairlead::cli
