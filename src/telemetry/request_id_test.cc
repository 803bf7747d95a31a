#include "telemetry/request_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "telemetry/counter.h"

namespace fairlead::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kAt{Duration(1'768'485'729'114ms)};

TEST(RequestId, has_its_prefix_and_is_a_valid_id) {
  Random random(1);
  const RequestId id(kAt, random);
  EXPECT_EQ(id.text().size(), 30u);
  EXPECT_TRUE(id.text().starts_with("req_01KF0"));  // the time of kAt in Crockford's base 32
  EXPECT_EQ(id.text().find_first_of("ILOU", 4), std::string_view::npos);
  EXPECT_TRUE(is_valid_request_id(id.text()));
}

TEST(RequestId, sorts_by_time) {
  Random random(1);
  std::string before;
  for (int ms = 0; ms < 1000; ++ms) {
    const std::string id(RequestId(kAt + ms * 1ms, random).text());
    EXPECT_LT(before, id);
    before = id;
  }
}

TEST(RequestId, differs_within_a_millisecond) {
  Random random(1);
  std::set<std::string> ids;
  for (int request = 0; request < 10'000; ++request) ids.emplace(RequestId(kAt, random).text());
  EXPECT_EQ(ids.size(), 10'000u);
}

TEST(RequestId, only_short_plain_ids_of_others_are_kept) {
  for (const std::string& valid : {std::string("abcd-EF_9"), std::string(8, 'a'), std::string(128, 'a')})
    EXPECT_TRUE(is_valid_request_id(valid)) << valid;
  for (const std::string& invalid :
       {std::string(), std::string(7, 'a'), std::string(129, 'a'), std::string("abcd efgh"), std::string("abcdefg\n"),
        std::string("abcdefg\xc3\xa9"), std::string("abcdefg.")})
    EXPECT_FALSE(is_valid_request_id(invalid)) << invalid;
}

TEST(Counter, counts_what_is_added) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  Gauge gauge;
  gauge.add(2);
  gauge.add(-5);
  EXPECT_EQ(gauge.value(), -3);
}

}  // namespace
}  // namespace fairlead::telemetry
