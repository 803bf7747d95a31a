#include "proxy/origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

net::IpSet proxies() {
  net::IpGroupFault fault;
  const std::array groups{*net::parse_ip_group("10.0.0.0/8", fault), *net::parse_ip_group("fd00::/8", fault)};
  return net::IpSet(groups);
}

class OriginOf : public testing::Test {
 protected:
  // What is believed of a request with these field lines that came from 10.0.0.1.
  const Origin& origin(const std::string& lines, bool is_trusted = true) {
    text_ = "GET / HTTP/1.1\r\nHost: app.com\r\n" + lines + "\r\n";
    EXPECT_EQ(http::parse_request_head(text_, {}, head_).status, http::HeadParse::Status::complete) << text_;
    client_.trusted = is_trusted ? &trusted_ : nullptr;
    origin_ = origin_of(head_, client_, "req_new");
    return origin_;
  }
  std::string_view client(const std::string& lines) { return origin(lines).ip; }
  // The field lines that a server gets.
  std::string written() {
    http::BufferWriter writer(space_);
    write_forwarding_fields(writer, head_, origin_, client_.ip);
    return std::string(writer.written());
  }

  const net::IpSet trusted_ = proxies();
  ClientInfo client_{.ip = "10.0.0.1", .scheme = "http", .listener = "web", .is_local = true};
  std::string text_;
  http::RequestHead head_;
  Origin origin_;
  std::array<char, 4096> space_;
};

TEST_F(OriginOf, a_stranger_is_not_believed) {
  const Origin& found = origin(
      "X-Forwarded-For: 1.1.1.1\r\nForwarded: for=1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
      "X-Request-Id: 12345678\r\n",
      false);
  EXPECT_EQ(found.ip, "10.0.0.1");
  EXPECT_EQ(found.scheme, "http");
  EXPECT_EQ(found.host, "app.com");
  EXPECT_EQ(found.request_id, "req_new");
  EXPECT_THAT(written(), HasSubstr("X-Forwarded-For: 10.0.0.1\r\n"));
}

TEST_F(OriginOf, the_client_is_the_first_from_the_right_that_is_no_proxy) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.7\r\n"), "192.0.2.7");
  EXPECT_EQ(client("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.3.0.1\r\n"), "192.0.2.7");
  EXPECT_EQ(client("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.1.1.1\r\n"),
            "192.0.2.7");
  EXPECT_EQ(client("X-Forwarded-For: 2001:db8::1, fd00::9\r\n"), "2001:db8::1");
}

TEST_F(OriginOf, where_all_are_proxies_it_is_the_leftmost) {
  EXPECT_EQ(client("X-Forwarded-For: 10.9.9.9, 10.3.0.1\r\n"), "10.9.9.9");
}

TEST_F(OriginOf, a_port_is_left_out) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.7:5000\r\n"), "192.0.2.7");
  EXPECT_EQ(client("X-Forwarded-For: [2001:db8::1]:5000\r\n"), "2001:db8::1");
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.7:_hidden\r\n"), "192.0.2.7");
  for (const char* odd : {"192.0.2.7:", "192.0.2.7:<b>", "[2001:db8::1]x", "[2001:db8::1]:", "[2001:db8::1"})
    EXPECT_EQ(client(std::string("X-Forwarded-For: ") + odd + "\r\n"), "10.0.0.1") << odd;
}

TEST_F(OriginOf, the_walk_ends_at_what_is_no_address) {
  EXPECT_EQ(client("X-Forwarded-For: 192.0.2.7, unknown, 10.3.0.1\r\n"), "10.3.0.1");
  EXPECT_EQ(client("X-Forwarded-For: ,\r\n"), "10.0.0.1");
  EXPECT_EQ(client("X-Forwarded-For: <script>\r\n"), "10.0.0.1");
  EXPECT_EQ(client("X-Forwarded-For: [\r\n"), "10.0.0.1");
}

TEST_F(OriginOf, servers_get_the_list_from_the_client_on) {
  origin("X-Forwarded-For: 6.6.6.6, 192.0.2.7 , 10.3.0.1\r\nX-Forwarded-For: 10.4.0.1\r\n");
  EXPECT_THAT(written(), HasSubstr("X-Forwarded-For: 192.0.2.7 , 10.3.0.1, 10.4.0.1, 10.0.0.1\r\n"));
  EXPECT_THAT(written(), HasSubstr("X-Real-IP: 192.0.2.7\r\n"));
  EXPECT_THAT(written(), Not(HasSubstr("6.6.6.6")));
}

TEST_F(OriginOf, forwarded_is_read_where_the_older_field_is_absent) {
  EXPECT_EQ(client("Forwarded: for=6.6.6.6, for=192.0.2.7;proto=https, for=10.1.1.1\r\n"), "192.0.2.7");
  EXPECT_EQ(client("Forwarded: for=\"[2001:db8::1]:80\";by=x, FOR=10.1.1.1\r\n"), "2001:db8::1");
  EXPECT_EQ(client("Forwarded: for=192.0.2.7, for=_hidden\r\n"), "10.0.0.1");
  EXPECT_EQ(client("Forwarded: for=\"a,for=1.1.1.1\", for=192.0.2.7\r\n"), "192.0.2.7");
  EXPECT_EQ(client("Forwarded: by=10.1.1.1\r\n"), "10.0.0.1");
  EXPECT_EQ(client("Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 192.0.2.7\r\n"), "192.0.2.7");
  EXPECT_EQ(client("Forwarded: for=\"\r\n"), "10.0.0.1");
  EXPECT_EQ(client("Forwarded: \"\\\r\n"), "10.0.0.1");
  origin("Forwarded: for=192.0.2.7\r\n");
  EXPECT_THAT(written(), HasSubstr("X-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n"));
}

TEST_F(OriginOf, an_open_quote_of_the_client_hides_nothing_that_a_proxy_appends) {
  for (const char* written : {"for=\"", "for=\"\\", "\"", "x=\"y\\\"", "for=\"a\";by=\"", "a\"b"}) {
    EXPECT_EQ(client(std::string("Forwarded: ") + written + ", for=192.0.2.7\r\n"), "192.0.2.7") << written;
    EXPECT_EQ(client(std::string("Forwarded: ") + written + ", for=\"[2001:db8::1]:80\";by=\"a\\\",b\"\r\n"),
              "2001:db8::1")
        << written;
  }
}

TEST_F(OriginOf, scheme_host_and_id_are_kept_where_they_are_sound) {
  const Origin& sound =
      origin("X-Forwarded-Proto: http, HTTPS\r\nX-Forwarded-Host: shop.com:81\r\nX-Request-Id: abc_12345\r\n");
  EXPECT_EQ(sound.scheme, "https");
  EXPECT_EQ(sound.host, "shop.com:81");
  EXPECT_EQ(sound.request_id, "abc_12345");
  const Origin& unsound = origin("X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: a b\r\nX-Request-Id: short\r\n");
  EXPECT_EQ(unsound.scheme, "http");
  EXPECT_EQ(unsound.host, "app.com");
  EXPECT_EQ(unsound.request_id, "req_new");
}

TEST_F(OriginOf, a_distant_client_is_not_local) {
  EXPECT_FALSE(origin("X-Forwarded-For: 192.0.2.7\r\n").is_local);
  EXPECT_FALSE(origin("X-Forwarded-For: unknown\r\n").is_local) << "somebody asks through the proxy";
  EXPECT_FALSE(origin("Forwarded: for=_hidden\r\n").is_local);
  EXPECT_TRUE(origin("").is_local);
}

}  // namespace
}  // namespace fairlead::proxy
