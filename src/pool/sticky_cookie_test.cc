#include "pool/sticky_cookie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Verdict = StickyReading::Verdict;

constexpr WallTime kNow{1'700'000'000s};

class StickyCookieTest : public testing::Test {
 protected:
  StickyCookieTest() {
    options_.cookie = "fairlead";
    options_.secret.text = "0123456789abcdef";
  }
  StickyCookie cookie(const std::string& pool = "web") const { return {options_, pool, members_}; }
  static std::string value_of(const std::string& set_cookie) {
    const std::size_t begin = set_cookie.find('=') + 1;
    return set_cookie.substr(begin, set_cookie.find(';') - begin);
  }

  TestServers servers_{3};
  std::vector<Member> members_ = servers_.members();
  StickyOptions options_;
};

TEST_F(StickyCookieTest, brings_a_client_back_to_its_server) {
  for (std::size_t index = 0; index < servers_.size(); ++index) {
    const StickyReading reading = cookie().read(value_of(cookie().issue(servers_[index], kNow, false)), kNow + 24h);
    EXPECT_EQ(reading.verdict, Verdict::genuine);
    EXPECT_EQ(reading.server, &servers_[index]);
    EXPECT_FALSE(reading.is_ageing);
  }
}

TEST_F(StickyCookieTest, names_no_server) {
  const std::string text = cookie().issue(servers_[1], kNow, false);
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1")));
  EXPECT_THAT(text, Not(HasSubstr("s1")));
}

TEST_F(StickyCookieTest, any_change_makes_it_a_forgery) {
  const std::string value = value_of(cookie().issue(servers_[0], kNow, false));
  for (std::size_t index = 0; index < value.size(); ++index) {
    for (const char letter : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")) {
      std::string changed = value;
      changed[index] = letter;
      const Verdict expected = changed == value ? Verdict::genuine : Verdict::forged;
      EXPECT_EQ(cookie().read(changed, kNow).verdict, expected) << index << letter;
    }
  }
  for (const std::string& other : {std::string(), value + "A", value.substr(1), std::string(value.size(), '!')})
    EXPECT_EQ(cookie().read(other, kNow).verdict, Verdict::forged) << other;
}

TEST_F(StickyCookieTest, another_secret_or_pool_makes_it_a_forgery) {
  const std::string value = value_of(cookie().issue(servers_[0], kNow, false));
  EXPECT_EQ(cookie("api").read(value, kNow).verdict, Verdict::forged);
  options_.secret.text = "fedcba9876543210";
  EXPECT_EQ(cookie().read(value, kNow).verdict, Verdict::forged);
}

TEST_F(StickyCookieTest, one_of_a_server_that_left_is_stale) {
  const std::string value = value_of(cookie().issue(servers_[0], kNow, false));
  members_.erase(members_.begin());
  const StickyReading reading = cookie().read(value, kNow);
  EXPECT_EQ(reading.verdict, Verdict::stale);
  EXPECT_EQ(reading.server, nullptr);
}

TEST_F(StickyCookieTest, ages_and_expires_where_it_has_a_time) {
  options_.ttl = 1h;
  const std::string text = cookie().issue(servers_[0], kNow, false);
  EXPECT_THAT(text, HasSubstr("; Max-Age=3600"));
  const std::string value = value_of(text);
  EXPECT_FALSE(cookie().read(value, kNow + 29min).is_ageing);
  EXPECT_TRUE(cookie().read(value, kNow + 31min).is_ageing);
  EXPECT_EQ(cookie().read(value, kNow + 59min).verdict, Verdict::genuine);
  EXPECT_EQ(cookie().read(value, kNow + 1h).verdict, Verdict::stale);
}

TEST_F(StickyCookieTest, is_replaced_where_the_configuration_gives_it_another_end) {
  const std::string session = value_of(cookie().issue(servers_[0], kNow, false));
  options_.ttl = 1h;
  EXPECT_TRUE(cookie().read(session, kNow).is_ageing);
  const std::string timed = value_of(cookie().issue(servers_[0], kNow, false));
  options_.ttl.reset();
  EXPECT_TRUE(cookie().read(timed, kNow).is_ageing);
}

TEST_F(StickyCookieTest, has_the_attributes_that_the_configuration_asks_for) {
  EXPECT_THAT(cookie().issue(servers_[0], kNow, false), StartsWith("fairlead="));
  EXPECT_THAT(cookie().issue(servers_[0], kNow, false), HasSubstr("; Path=/; HttpOnly; SameSite=Lax"));
  EXPECT_THAT(cookie().issue(servers_[0], kNow, false), Not(HasSubstr("Secure")));
  EXPECT_THAT(cookie().issue(servers_[0], kNow, true), HasSubstr("; Secure"));
  options_.secure = CookieSecure::off;
  EXPECT_THAT(cookie().issue(servers_[0], kNow, true), Not(HasSubstr("Secure")));
  options_.secure = CookieSecure::on;
  options_.same_site = SameSite::none;
  EXPECT_THAT(cookie().issue(servers_[0], kNow, false), HasSubstr("SameSite=None; Secure"));
}

}  // namespace
}  // namespace fairlead::pool
