#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::net {
namespace {

using Status = ProxyHeader::Status;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

const std::string kSignature = bytes({'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'});

// Every prefix of a header must ask for more, and what follows must not matter.
ProxyHeader parse(const std::string& header) {
  for (std::size_t size = 0; size < header.size(); ++size) {
    EXPECT_EQ(parse_proxy_header(header.substr(0, size)).status, Status::incomplete) << size;
  }
  const ProxyHeader parsed = parse_proxy_header(header + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(parsed.status, Status::complete) << header;
  EXPECT_EQ(parsed.consumed, header.size());
  return parsed;
}

TEST(ProxyProtocol, a_line_names_the_client) {
  EXPECT_EQ(parse("PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n").ends->source.text(), "192.0.2.7");
  EXPECT_EQ(parse("PROXY TCP6 2001:db8::7 ::1 0 65535\r\n").ends->source.text(), "2001:db8::7");
}

TEST(ProxyProtocol, a_line_may_name_nobody) {
  EXPECT_FALSE(parse("PROXY UNKNOWN\r\n").ends);
  EXPECT_FALSE(parse("PROXY UNKNOWN ffff::1 ::2 1 2\r\n").ends);
}

TEST(ProxyProtocol, a_line_is_read_strictly) {
  for (const char* line :
       {"PROXY TCP4 192.0.2.7 10.0.0.1 5000\r\n", "PROXY TCP4 192.0.2.7  10.0.0.1 5000 443\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 5000 443 \r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 5000 65536\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 05 443\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 ::1 1 2\r\n", "PROXY TCP6 ::1 1.2.3.4 1 2\r\n",
        "PROXY UDP4 192.0.2.7 10.0.0.1 5000 443\r\n", "PROXY UNKNOWNS\r\n", "PROXY \r\n"}) {
    EXPECT_EQ(parse_proxy_header(line).status, Status::refused) << line;
  }
}

TEST(ProxyProtocol, nothing_hides_behind_a_nul) {
  const std::string line("PROXY TCP4 192.0.2.7\0x 10.0.0.1 5000 443\r\n", 42);
  EXPECT_EQ(parse_proxy_header(line).status, Status::refused);
}

TEST(ProxyProtocol, a_line_has_an_end) {
  EXPECT_EQ(parse_proxy_header("PROXY " + std::string(101, 'a')).status, Status::refused);
}

TEST(ProxyProtocol, the_binary_form_names_the_client) {
  const std::string v4 = bytes({0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, 0x10, 0, 1, 0xBB});
  EXPECT_EQ(parse(kSignature + v4).ends->source.text(), "192.0.2.7");
  std::string v6 = bytes({0x21, 0x21, 0, 36, 0x20, 0x01, 0x0d, 0xb8});
  v6 += std::string(11, '\0') + bytes({7}) + std::string(20, '\0');
  EXPECT_EQ(parse(kSignature + v6).ends->source.text(), "2001:db8::7");
}

TEST(ProxyProtocol, what_follows_the_addresses_is_skipped) {
  const std::string with_more = bytes({0x21, 0x11, 0, 15, 192, 0, 2, 7, 10, 0, 0, 1, 0x10, 0, 1, 0xBB, 4, 0, 0});
  EXPECT_EQ(parse(kSignature + with_more).ends->source.text(), "192.0.2.7");
}

TEST(ProxyProtocol, the_binary_form_may_name_nobody) {
  EXPECT_FALSE(parse(kSignature + bytes({0x20, 0x00, 0, 0})).ends);            // LOCAL
  EXPECT_FALSE(parse(kSignature + bytes({0x20, 0x11, 0, 3, 1, 2, 3})).ends);   // LOCAL with anything
  EXPECT_FALSE(parse(kSignature + bytes({0x21, 0x31, 0, 2, 'x', 'y'})).ends);  // a Unix socket
}

TEST(ProxyProtocol, the_binary_form_is_read_strictly) {
  EXPECT_EQ(parse_proxy_header(kSignature + bytes({0x11, 0x11, 0, 12})).status, Status::refused);
  EXPECT_EQ(parse_proxy_header(kSignature + bytes({0x22, 0x11, 0, 12})).status, Status::refused);
  EXPECT_EQ(parse_proxy_header(kSignature + bytes({0x21, 0x11, 0xFF, 0})).status, Status::refused);
  EXPECT_EQ(parse_proxy_header(kSignature + bytes({0x21, 0x11, 0, 2, 1, 2})).status, Status::refused);
}

TEST(ProxyProtocol, other_bytes_are_told_apart_at_once) {
  EXPECT_EQ(parse_proxy_header("").status, Status::incomplete);
  EXPECT_EQ(parse_proxy_header("P").status, Status::incomplete);
  EXPECT_EQ(parse_proxy_header("POST / HTTP/1.1\r\n").status, Status::absent);
  EXPECT_EQ(parse_proxy_header("PUT").status, Status::absent);
  EXPECT_EQ(parse_proxy_header("\r\nGET").status, Status::absent);
  EXPECT_EQ(parse_proxy_header("GET").status, Status::absent);
}

ConnectionEnds ends(const char* source, const char* destination) {
  return {*IpAddress::parse(source), *IpAddress::parse(destination), 5000, 443};
}

TEST(ProxyProtocol, a_header_is_written_as_the_specification_shows_it) {
  EXPECT_EQ(write_proxy_header(ProxyVersion::v1, ends("192.0.2.7", "10.0.0.1")),
            "PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n");
  EXPECT_EQ(write_proxy_header(ProxyVersion::v1, ends("2001:db8::7", "::1")),
            "PROXY TCP6 2001:db8::7 ::1 5000 443\r\n");
  EXPECT_EQ(write_proxy_header(ProxyVersion::v1, {}), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(write_proxy_header(ProxyVersion::v2, ends("192.0.2.7", "10.0.0.1")),
            kSignature + bytes({0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, 0x13, 0x88, 1, 0xBB}));
  EXPECT_EQ(write_proxy_header(ProxyVersion::v2, {}), kSignature + bytes({0x20, 0, 0, 0}));
}

TEST(ProxyProtocol, what_is_written_is_read_as_it_was) {
  for (const ProxyVersion version : {ProxyVersion::v1, ProxyVersion::v2}) {
    for (const ConnectionEnds& both : {ends("192.0.2.7", "10.0.0.1"), ends("2001:db8::7", "::1"),
                                       ends("192.0.2.7", "::1"), ends("::1", "192.0.2.7")}) {
      EXPECT_EQ(parse(write_proxy_header(version, both)).ends, both);
    }
    EXPECT_FALSE(parse(write_proxy_header(version, {})).ends);
  }
}

}  // namespace
}  // namespace fairlead::net
