#include "net/socket_address.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::net {
namespace {

TEST(SocketAddress, text_of_a_numeric_address_reads_back) {
  EXPECT_EQ(numeric_address("127.0.0.1", 3001)->text(), "127.0.0.1:3001");
  EXPECT_EQ(numeric_address("2001:db8::1", 443)->text(), "[2001:db8::1]:443");
  EXPECT_EQ(unix_address("/run/app.sock")->text(), "unix:/run/app.sock");
  EXPECT_EQ(SocketAddress{}.text(), "-");
}

TEST(SocketAddress, names_and_oddities_are_no_numeric_addresses) {
  for (const char* host : {"localhost", "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "::g", "[::1]", "0x7f.1"})
    EXPECT_FALSE(numeric_address(host, 80)) << host;
  EXPECT_FALSE(numeric_address(std::string(200, '1'), 80));
}

TEST(SocketAddress, a_unix_path_must_fit_the_kernel) {
  EXPECT_TRUE(unix_address(std::string(107, 'a')));
  EXPECT_FALSE(unix_address(std::string(108, 'a')));
  EXPECT_FALSE(unix_address(""));
}

TEST(SocketAddress, equal_only_if_family_address_and_port_are) {
  EXPECT_EQ(numeric_address("127.0.0.1", 1), numeric_address("127.0.0.1", 1));
  EXPECT_NE(numeric_address("127.0.0.1", 1), numeric_address("127.0.0.1", 2));
  EXPECT_NE(numeric_address("127.0.0.1", 1), numeric_address("::1", 1));
  EXPECT_NE(unix_address("/a"), unix_address("/b"));
}

TEST(SocketAddress, an_endpoint_with_a_name_needs_a_lookup) {
  EXPECT_FALSE(address_without_lookup(Endpoint{"app.internal", 80, ""}));
  EXPECT_TRUE(address_without_lookup(Endpoint{"::1", 80, ""}));
  EXPECT_TRUE(address_without_lookup(Endpoint{"", 0, "/run/app.sock"}));
}

}  // namespace
}  // namespace fairlead::net
