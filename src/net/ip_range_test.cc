#include "net/ip_range.h"

#include <gtest/gtest.h>

namespace fairlead::net {
namespace {

IpGroup group(std::string_view text) {
  IpGroupFault fault;
  const std::optional<IpGroup> parsed = parse_ip_group(text, fault);
  EXPECT_TRUE(parsed) << text << ": " << fault.message;
  return parsed.value_or(IpGroup{});
}

bool contains(std::string_view set, std::string_view address) {
  const IpGroup parsed = group(set);
  return IpSet({&parsed, 1}).contains(IpAddress::parse(address).value());
}

std::string help_for(std::string_view text) {
  IpGroupFault fault;
  EXPECT_FALSE(parse_ip_group(text, fault)) << text;
  return fault.help;
}

TEST(IpAddress, is_read_and_written_in_both_families) {
  EXPECT_EQ(IpAddress::parse("192.0.2.7")->text(), "192.0.2.7");
  EXPECT_EQ(IpAddress::parse("2001:DB8::0:1")->text(), "2001:db8::1");
  for (const char* wrong : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4:80", "[::1]", "::1%lo", "localhost"}) {
    EXPECT_FALSE(IpAddress::parse(wrong)) << wrong;
  }
}

TEST(IpAddress, a_mapped_address_is_the_ipv4_address) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.1.2.3"), IpAddress::parse("10.1.2.3"));
  EXPECT_EQ(IpAddress::parse("::ffff:10.1.2.3")->text(), "10.1.2.3");
}

TEST(IpAddress, knows_loopback) {
  EXPECT_TRUE(IpAddress::parse("127.8.9.1")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
}

TEST(IpRange, holds_the_addresses_with_its_first_bits) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7", "192.0.2.6"));
}

TEST(IpRange, all_of_ipv4_holds_no_ipv6) {
  EXPECT_TRUE(contains("0.0.0.0/0", "9.9.9.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "9.9.9.9"));
}

TEST(IpGroup, words_stand_for_ranges) {
  EXPECT_TRUE(contains("private", "172.31.0.1"));
  EXPECT_FALSE(contains("private", "172.32.0.1"));
  EXPECT_TRUE(contains("private", "fd00::1"));
  EXPECT_TRUE(contains("loopback", "::1"));
  EXPECT_FALSE(contains("loopback", "10.0.0.1"));
}

TEST(IpGroup, an_address_within_a_network_is_not_the_network) {
  EXPECT_EQ(help_for("10.1.2.3/8"), "did you mean `10.0.0.0/8`?");
  EXPECT_EQ(help_for("10.0.0.0/33"), "from /0 to /32");
  EXPECT_EQ(help_for("2001:db8::/129"), "from /0 to /128");
  EXPECT_NE(help_for("myhost"), "");
  EXPECT_NE(help_for("10.0.0.0/"), "");
  EXPECT_NE(help_for("10.0.0.0/+8"), "");
}

}  // namespace
}  // namespace fairlead::net
