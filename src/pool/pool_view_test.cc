#include "pool/pool_view.h"

#include <gtest/gtest.h>

#include <set>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class RecordedSuspects : public SuspectListener {
 public:
  void on_suspect(Server& server) override { names.push_back(server.name()); }
  std::vector<std::string> names;
};

class PoolViewTest : public testing::Test {
 protected:
  PoolView view_of(std::vector<Member> members) {
    return PoolView(std::make_shared<Pool>("web", options_, std::move(members), servers_.vitals()), random_, suspects_);
  }
  std::set<std::size_t> picked(PoolView& view, const TriedServers& tried = {}) {
    std::set<std::size_t> indexes;
    for (int pick = 0; pick < 4000; ++pick) {
      if (const auto server = view.pick(tried, kTestStart)) indexes.insert(servers_.index_of(*server));
    }
    return indexes;
  }

  TestServers servers_{4};
  PoolOptions options_;
  Random random_{1};
  RecordedSuspects suspects_;
};

using Indexes = std::set<std::size_t>;

TEST_F(PoolViewTest, only_serving_servers_get_requests_while_there_is_one) {
  PoolView view = view_of(servers_.members());
  for (const ServerState state : kServerStates) {
    servers_.set_state(1, state);
    EXPECT_EQ(picked(view), is_serving(state) ? Indexes({0, 1, 2, 3}) : Indexes({0, 2, 3})) << word(state);
  }
}

TEST_F(PoolViewTest, when_none_serves_the_least_bad_are_tried) {
  PoolView view = view_of(servers_.members());
  for (std::size_t index = 0; index < servers_.size(); ++index) servers_.set_state(index, ServerState::disabled);
  EXPECT_FALSE(view.is_last_resort());
  for (const ServerState state : kServerStates) {
    if (is_serving(state)) continue;
    servers_.set_state(2, state);
    EXPECT_EQ(picked(view), is_last_resort(state) ? Indexes({2}) : Indexes()) << word(state);
    EXPECT_EQ(view.is_last_resort(), is_last_resort(state)) << word(state);
  }
}

TEST_F(PoolViewTest, last_resort_fail_refuses_instead) {
  options_.last_resort = LastResort::fail;
  PoolView view = view_of(servers_.members());
  for (std::size_t index = 0; index < servers_.size(); ++index) servers_.set_state(index, ServerState::down);
  const Result<Server*> none = view.pick({}, kTestStart);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::no_server);
}

TEST_F(PoolViewTest, a_pool_whose_names_have_no_address_says_so) {
  PoolView view = view_of(servers_.members());
  for (std::size_t index = 0; index < servers_.size(); ++index) servers_.set_state(index, ServerState::unresolved);
  EXPECT_EQ(view.pick({}, kTestStart).error().code, ErrorCode::dns_failed);
  servers_.set_state(0, ServerState::disabled);
  EXPECT_EQ(view.pick({}, kTestStart).error().code, ErrorCode::no_server) << "the operator took one out";
}

TEST_F(PoolViewTest, backups_serve_only_while_no_primary_does) {
  std::vector<Member> members = servers_.members();
  members[2].backup = members[3].backup = true;
  PoolView view = view_of(members);
  EXPECT_EQ(picked(view), Indexes({0, 1}));
  servers_.set_state(0, ServerState::down);
  EXPECT_EQ(picked(view), Indexes({1}));
  servers_.set_state(1, ServerState::ejected);
  EXPECT_EQ(picked(view), Indexes({2, 3}));
  EXPECT_FALSE(view.is_last_resort());
  servers_.set_state(0, ServerState::up);
  EXPECT_EQ(picked(view), Indexes({0}));
}

TEST_F(PoolViewTest, a_request_that_failed_on_every_primary_goes_to_a_backup) {
  std::vector<Member> members = servers_.members();
  members[2].backup = members[3].backup = true;
  PoolView view = view_of(members);
  TriedServers tried;
  tried.add(servers_[0]);
  tried.add(servers_[1]);
  EXPECT_FALSE(picked(view, tried).contains(0));
  EXPECT_FALSE(picked(view, tried).contains(1));
  EXPECT_FALSE(picked(view, tried).empty());
  tried.add(servers_[2]);
  EXPECT_EQ(picked(view, tried), Indexes({3}));
  tried.add(servers_[3]);
  EXPECT_EQ(picked(view, tried), Indexes());
}

TEST_F(PoolViewTest, a_retry_may_go_to_a_server_that_awaits_its_first_check) {
  for (const LastResort last_resort : {LastResort::try_anyway, LastResort::fail}) {
    options_.last_resort = last_resort;
    PoolView view = view_of(servers_.members());
    for (const std::size_t index : {1U, 2U, 3U}) servers_.set_state(index, ServerState::down);
    servers_.set_state(3, ServerState::checking);
    EXPECT_EQ(picked(view), Indexes({0}));
    TriedServers tried;
    tried.add(servers_[0]);
    EXPECT_EQ(view.has_untried(tried), last_resort == LastResort::try_anyway);
    EXPECT_EQ(picked(view, tried), last_resort == LastResort::try_anyway ? Indexes({3}) : Indexes());
  }
}

TEST_F(PoolViewTest, weight_zero_takes_no_requests_even_as_a_last_resort) {
  PoolView view = view_of(servers_.members());
  servers_[0].publish_weight(0);
  EXPECT_EQ(picked(view), Indexes({1, 2, 3}));
  for (std::size_t index = 0; index < servers_.size(); ++index) servers_.set_state(index, ServerState::down);
  EXPECT_EQ(picked(view), Indexes({1, 2, 3}));
}

TEST_F(PoolViewTest, a_view_whose_first_request_sticks_knows_the_other_servers) {
  PoolView view = view_of(servers_.members());
  TriedServers tried;
  ASSERT_TRUE(view.admit_to(servers_[1], kTestStart));
  tried.add(servers_[1]);
  EXPECT_TRUE(view.has_untried(tried));
}

TEST_F(PoolViewTest, sticky_clients_are_served_by_whoever_is_not_known_to_be_bad) {
  PoolView view = view_of(servers_.members());
  servers_[1].publish_weight(0);
  for (const ServerState state : kServerStates) {
    servers_.set_state(1, state);
    const bool may_serve = is_serving(state) || state == ServerState::draining || state == ServerState::checking;
    EXPECT_EQ(view.admit_to(servers_[1], kTestStart).has_value(), may_serve) << word(state);
  }
}

TEST_F(PoolViewTest, an_empty_pool_has_no_server) {
  PoolView view = view_of({});
  EXPECT_FALSE(view.pick({}, kTestStart));
}

TEST_F(PoolViewTest, the_weight_of_a_warming_server_grows_without_a_change_of_state) {
  options_.algorithm = Algorithm::random;
  PoolView view = view_of(servers_.members());
  servers_[0].publish_state(ServerState::warming, kTestStart, 10s);
  const auto share_at = [&](TimePoint now) {
    int hits = 0;
    for (int pick = 0; pick < 10'000; ++pick) hits += *view.pick({}, now) == &servers_[0] ? 1 : 0;
    return hits / 10'000.0;
  };
  EXPECT_NEAR(share_at(kTestStart), 0.1 / 3.1, 0.01);
  EXPECT_NEAR(share_at(kTestStart + 5s), 0.5 / 3.5, 0.02);
  EXPECT_NEAR(share_at(kTestStart + 10s), 0.25, 0.02);
}

TEST_F(PoolViewTest, listed_statuses_and_broken_connections_count_against_a_server) {
  PoolView view = view_of(servers_.members());
  view.report(servers_[0], 200, 1ms, kTestStart);
  view.report(servers_[0], 500, 1ms, kTestStart);
  EXPECT_EQ(servers_[0].successes(), 2u);
  view.report(servers_[0], 502, 1ms, kTestStart);
  view.report(servers_[0], Error{.code = ErrorCode::connect_refused}, 1ms, kTestStart);
  view.report(servers_[0], Error{.code = ErrorCode::reset_mid_response}, 1ms, kTestStart);
  EXPECT_EQ(servers_[0].failures(), 3u);
  for (const ErrorCode code : {ErrorCode::client_gone, ErrorCode::canceled, ErrorCode::response_timeout})
    view.report(servers_[0], Error{.code = code}, 1ms, kTestStart);
  EXPECT_EQ(servers_[0].failures(), 3u);
  EXPECT_EQ(servers_[0].successes(), 2u);
}

TEST_F(PoolViewTest, no_error_makes_a_server_look_fast) {
  PoolView view = view_of(servers_.members());
  const auto latency_after = [&](auto ending, Duration wait) {
    servers_[0].latency().forget();
    view.report(servers_[0], 200, 100ms, kTestStart);
    const std::uint32_t before = servers_[0].latency().at(kTestStart).faded;
    view.report(servers_[0], ending, wait, kTestStart + 1s);
    return static_cast<double>(servers_[0].latency().at(kTestStart + 1s).measured) / before;
  };
  EXPECT_LT(latency_after(200, 1ms), 0.95);
  EXPECT_LT(latency_after(304, 1ms), 0.95);
  EXPECT_EQ(latency_after(404, 1ms), 1);
  EXPECT_NEAR(latency_after(404, 1s), 10, 0.01);
  for (const int status : {500, 502, 503, 504}) EXPECT_GT(latency_after(status, 1ms), 3) << status;
  EXPECT_GT(latency_after(Error{.code = ErrorCode::connect_refused}, 1ms), 3);
  EXPECT_GT(latency_after(Error{.code = ErrorCode::reset_before_response}, 1ms), 3);
  EXPECT_NEAR(latency_after(Error{.code = ErrorCode::response_timeout}, 60s), 600, 1);
  EXPECT_NEAR(latency_after(Error{.code = ErrorCode::client_gone}, 1s), 10, 0.01);
}

TEST_F(PoolViewTest, the_time_of_an_answer_counts_when_it_begins_and_once) {
  PoolView view = view_of(servers_.members());
  view.report_beginning(servers_[0], 200, 100ms, kTestStart);
  EXPECT_EQ(servers_[0].pace_sums().read().count(), 1u);
  EXPECT_GT(servers_[0].latency().at(kTestStart).measured, 0u);
  EXPECT_EQ(servers_[0].successes(), 0u);
  view.report_end(servers_[0], 200);
  EXPECT_EQ(servers_[0].successes(), 1u);
  EXPECT_EQ(servers_[0].pace_sums().read().count(), 1u);
}

TEST_F(PoolViewTest, a_response_that_breaks_off_is_a_failure_and_a_client_that_leaves_is_none) {
  PoolView view = view_of(servers_.members());
  view.report_beginning(servers_[0], 200, 100ms, kTestStart);
  const std::uint32_t before = servers_[0].latency().at(kTestStart).measured;
  view.report_end(servers_[0], Error{.code = ErrorCode::client_gone, .blame = Blame::downstream}, kTestStart + 10s);
  EXPECT_EQ(servers_[0].pace_sums().read().count(), 1u);
  EXPECT_EQ(servers_[0].failures(), 0u);
  view.report_end(servers_[0], Error{.code = ErrorCode::reset_mid_response, .blame = Blame::upstream}, kTestStart);
  EXPECT_EQ(servers_[0].failures(), 1u);
  EXPECT_GT(servers_[0].latency().at(kTestStart).measured, 2 * before);
}

TEST_F(PoolViewTest, a_server_that_warms_up_begins_without_its_past) {
  servers_[0].latency().record_failure(1s, kTestStart);
  servers_.set_state(0, ServerState::warming);
  EXPECT_EQ(servers_[0].latency().at(kTestStart).measured, 0u);
}

TEST_F(PoolViewTest, the_failure_that_crosses_the_threshold_is_told) {
  PoolView view = view_of(servers_.members());
  servers_[1].publish_suspect_at(2);
  for (int failure = 0; failure < 5; ++failure) view.report(servers_[1], 503, 1ms, kTestStart);
  EXPECT_EQ(suspects_.names, std::vector<std::string>{"s1"});
}

TEST(PoolState, is_that_of_the_worst_part) {
  TestServers servers(3);
  const auto state = [&] { return pool_state(servers.members()); };
  EXPECT_EQ(pool_state(StateCounts()), PoolState::empty);
  EXPECT_EQ(state(), PoolState::ok);
  servers.set_state(0, ServerState::warming);
  EXPECT_EQ(state(), PoolState::ok);
  for (const ServerState other : kServerStates) {
    servers.set_state(0, other);
    EXPECT_EQ(state(), is_serving(other) ? PoolState::ok : PoolState::degraded) << word(other);
  }
  for (std::size_t index = 0; index < 3; ++index) servers.set_state(index, ServerState::checking);
  EXPECT_EQ(state(), PoolState::degraded);  // nothing has been found wrong yet
  servers.set_state(0, ServerState::down);
  EXPECT_EQ(state(), PoolState::failing);
}

}  // namespace
}  // namespace fairlead::pool
