#include "proxy/hash_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "http/codec/head_parser.h"

namespace fairlead::proxy {
namespace {

using pool::HashKey;
using Kind = HashKey::Kind;

class KeyHash : public testing::Test {
 protected:
  std::uint64_t of(const HashKey& key, const std::string& target, const std::string& lines = "",
                   std::string_view client_ip = "203.0.113.195") {
    const std::string text = "GET " + target + " HTTP/1.1\r\nHost: app.com\r\n" + lines + "\r\n";
    EXPECT_EQ(http::parse_request_head(text, {}, head_).status, http::HeadParse::Status::complete) << text;
    return key_hash(key, head_, client_ip, random_);
  }
  std::uint64_t of_client(Kind kind, std::string_view ip) { return of({kind, ""}, "/", "", ip); }
  std::uint64_t of_host(const std::string& host) {
    const std::string text = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    EXPECT_EQ(http::parse_request_head(text, {}, head_).status, http::HeadParse::Status::complete) << text;
    return key_hash({Kind::host, ""}, head_, "203.0.113.195", random_);
  }

  http::RequestHead head_;
  Random random_{1};
};

TEST_F(KeyHash, takes_the_key_and_nothing_else) {
  const HashKey header{Kind::header, "x-user"};
  const HashKey cookie{Kind::cookie, "sid"};
  const HashKey query{Kind::query, "id"};
  EXPECT_EQ(of(header, "/a", "X-User: ann\r\n"), of(header, "/b?c", "Cookie: x=y\r\nx-user: ann\r\n"));
  EXPECT_NE(of(header, "/a", "X-User: ann\r\n"), of(header, "/a", "X-User: bob\r\n"));
  EXPECT_EQ(of(cookie, "/a", "Cookie: sid=1; other=2\r\n"), of(cookie, "/b", "Cookie: other=3;sid=1\r\n"));
  EXPECT_NE(of(cookie, "/a", "Cookie: sid=1\r\n"), of(cookie, "/a", "Cookie: sid=2\r\n"));
  EXPECT_EQ(of(query, "/a?id=7"), of(query, "/b?paid=8&id=7&x"));
  EXPECT_NE(of(query, "/a?id=7"), of(query, "/a?id=8"));
}

TEST_F(KeyHash, a_path_is_hashed_in_its_normal_form_without_the_query) {
  const HashKey path{Kind::path, ""};
  EXPECT_EQ(of(path, "/a/b?x=1"), of(path, "/a/./c/../%62?x=2"));
  EXPECT_NE(of(path, "/a/b"), of(path, "/a/B"));
}

TEST_F(KeyHash, a_host_is_the_same_in_any_case_and_with_any_port) {
  EXPECT_EQ(of_host("app.com"), of_host("APP.com:8080"));
  EXPECT_NE(of_host("app.com"), of_host("api.com"));
}

TEST_F(KeyHash, a_network_is_three_parts_of_an_ipv4_address_or_all_of_ipv6) {
  EXPECT_EQ(of_client(Kind::client_net, "10.1.2.3"), of_client(Kind::client_net, "10.1.2.200"));
  EXPECT_NE(of_client(Kind::client_net, "10.1.2.3"), of_client(Kind::client_net, "10.1.3.3"));
  EXPECT_NE(of_client(Kind::client_net, "fd00::1"), of_client(Kind::client_net, "fd00::2"));
  EXPECT_NE(of_client(Kind::client_ip, "10.1.2.3"), of_client(Kind::client_ip, "10.1.2.4"));
  EXPECT_EQ(of_client(Kind::client_ip, "10.1.2.3"), of_client(Kind::client_ip, "10.1.2.3"));
}

TEST_F(KeyHash, requests_without_the_key_are_spread) {
  const HashKey keys[] = {{Kind::header, "x-user"}, {Kind::cookie, "sid"}, {Kind::query, "id"}};
  for (const HashKey& key : keys) {
    std::set<std::uint64_t> hashes;
    for (int request = 0; request < 100; ++request)
      hashes.insert(of(key, "/?id=&idx=1", "Cookie: sid=; sidx=1\r\nX-User:\r\n"));
    EXPECT_EQ(hashes.size(), 100U);
  }
}

}  // namespace
}  // namespace fairlead::proxy
