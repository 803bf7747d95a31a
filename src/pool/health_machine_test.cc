#include "pool/health_machine.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

CheckResult pass() { return {.verdict = CheckVerdict::passed, .reason = "ok", .summary = "GET /health → 200"}; }
CheckResult failure() { return {.reason = "check_status", .summary = "GET /health → 500"}; }
CheckResult timeout() { return {.reason = "response_timeout", .summary = "GET /health → no answer within 2 s"}; }

constexpr OutlierFinding kFinding{.failures = 5, .requests = 8, .window = 30s};

class HealthMachineTest : public testing::Test {
 protected:
  HealthMachine machine(Origin origin = Origin::process_start) {
    return HealthMachine(servers_[0], HealthMachine::options_of(PoolOptions{}), origin, now_);
  }
  HealthMachine up_machine() {
    HealthMachine machine = this->machine();
    machine.checked(pass(), now_);
    EXPECT_EQ(machine.state(), ServerState::up);
    return machine;
  }
  static void fail(HealthMachine& machine, int times, TimePoint now) {
    for (int check = 0; check < times; ++check) machine.checked(failure(), now);
  }

  TestServers servers_{1};
  TimePoint now_ = kTestStart;
};

TEST_F(HealthMachineTest, the_first_pass_admits_a_server_of_the_process_start_at_once) {
  HealthMachine machine = this->machine();
  EXPECT_EQ(servers_[0].state(), ServerState::checking);
  const auto transition = machine.checked(pass(), now_);
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->from, ServerState::checking);
  EXPECT_EQ(transition->to, ServerState::up);
  EXPECT_EQ(transition->reason, "check_passed");
  EXPECT_EQ(transition->why, "GET /health → 200");
  EXPECT_EQ(servers_[0].state(), ServerState::up);
}

TEST_F(HealthMachineTest, a_server_that_a_reload_added_warms_up) {
  HealthMachine machine = this->machine(Origin::added);
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::warming);
  EXPECT_EQ(machine.wake_at(), now_ + 10s);
  EXPECT_EQ(servers_[0].effective_weight(now_ + 5s), 50 * Server::kWeightScale);
  EXPECT_FALSE(machine.advance(now_ + 9s));
  EXPECT_EQ(machine.advance(now_ + 10s)->to, ServerState::up);
  EXPECT_EQ(machine.wake_at(), kNever);
}

TEST_F(HealthMachineTest, the_first_failure_of_a_server_that_never_passed_decides_at_once) {
  HealthMachine machine = this->machine();
  EXPECT_EQ(machine.checked(failure(), now_)->to, ServerState::down);
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::warming) << "one pass admits a new server";
}

TEST_F(HealthMachineTest, goes_down_after_fall_failures_in_a_row_and_says_how_many) {
  HealthMachine machine = up_machine();
  EXPECT_FALSE(machine.checked(failure(), now_));
  EXPECT_TRUE(machine.is_failing());
  EXPECT_FALSE(machine.checked(failure(), now_));
  const auto transition = machine.checked(failure(), now_ + 4s);
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->to, ServerState::down);
  EXPECT_EQ(transition->reason, "check_status");
  EXPECT_EQ(transition->why, "GET /health → 500, 3 times");
  ASSERT_EQ(transition->evidence.size(), 3u);
  EXPECT_EQ(transition->evidence[2].at, now_ + 4s);
  EXPECT_EQ(machine.since(), now_ + 4s);
}

TEST_F(HealthMachineTest, failures_of_different_kinds_are_not_counted_as_one_kind) {
  HealthMachine machine = up_machine();
  fail(machine, 2, now_);
  EXPECT_EQ(machine.checked({.reason = "connect_refused", .summary = "connection refused"}, now_)->why,
            "connection refused; 3 checks failed in a row");
}

TEST_F(HealthMachineTest, a_pass_in_between_starts_the_count_anew) {
  HealthMachine machine = up_machine();
  for (int round = 0; round < 5; ++round) {
    fail(machine, 2, now_);
    machine.checked(pass(), now_);
    EXPECT_FALSE(machine.is_failing());
  }
  EXPECT_EQ(machine.state(), ServerState::up);
}

TEST_F(HealthMachineTest, comes_back_after_rise_passes_in_a_row_and_warms_up) {
  HealthMachine machine = up_machine();
  fail(machine, 3, now_);
  EXPECT_FALSE(machine.checked(pass(), now_));
  fail(machine, 1, now_);
  EXPECT_FALSE(machine.checked(pass(), now_));
  EXPECT_TRUE(machine.is_failing());
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::warming);
}

TEST_F(HealthMachineTest, without_a_warm_up_it_is_up_at_once) {
  PoolOptions options;
  options.warmup = 0s;
  HealthMachine machine(servers_[0], HealthMachine::options_of(options), Origin::added, now_);
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::up);
}

TEST_F(HealthMachineTest, a_timeout_is_slow_and_no_failure_while_real_requests_are_answered) {
  HealthMachine machine = up_machine();
  for (int check = 0; check < 10; ++check) {
    servers_[0].record_success();
    EXPECT_FALSE(machine.check_timed_out(timeout(), now_));
  }
  EXPECT_EQ(machine.state(), ServerState::up);
  EXPECT_EQ(machine.evidence().back().check.verdict, CheckVerdict::slow);
  for (int check = 0; check < 3; ++check) machine.check_timed_out(timeout(), now_ + 6s);
  EXPECT_EQ(machine.state(), ServerState::down) << "nothing was answered since";
}

TEST_F(HealthMachineTest, requests_answered_longer_ago_than_every_do_not_excuse_a_timeout) {
  HealthMachine machine = up_machine();
  servers_[0].record_success();
  machine.note_traffic(now_);
  EXPECT_FALSE(machine.check_timed_out(timeout(), now_ + 5s));
  EXPECT_FALSE(machine.is_failing()) << "within the last 5 s";
  machine.check_timed_out(timeout(), now_ + 5s + 1ms);
  EXPECT_TRUE(machine.is_failing());
}

TEST_F(HealthMachineTest, a_server_that_says_that_it_is_not_ready_is_believed_at_once) {
  HealthMachine machine = up_machine();
  const CheckResult not_ready{.verdict = CheckVerdict::not_ready, .reason = "initializing", .summary = "503"};
  const auto transition = machine.checked(not_ready, now_);
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->to, ServerState::down);
  EXPECT_EQ(transition->reason, "initializing");
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::warming) << "one pass brings it back";
}

TEST_F(HealthMachineTest, the_first_lookup_that_fails_is_told_and_the_next_is_not) {
  const auto vitals = std::make_shared<PoolVitals>();
  Server named(vitals, "web", "a", net::Endpoint{"app.internal", 80, ""}, 100);
  HealthMachine machine(named, HealthMachine::options_of({}), Origin::process_start, now_);
  EXPECT_TRUE(machine.is_undecided());
  const auto transition = machine.unresolved("no such name", now_);
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->to, ServerState::unresolved);
  EXPECT_EQ(transition->reason, "dns_failed");
  EXPECT_FALSE(machine.is_undecided());
  EXPECT_FALSE(machine.unresolved("no such name", now_));
}

TEST_F(HealthMachineTest, counts_checks_and_ejections) {
  HealthMachine machine = up_machine();
  fail(machine, 2, now_);
  servers_[0].record_success();
  machine.check_timed_out(timeout(), now_);
  machine.eject(kFinding, now_);
  EXPECT_EQ(machine.counts().checks_passed, 1U);
  EXPECT_EQ(machine.counts().checks_failed, 2U);
  EXPECT_EQ(machine.counts().checks_slow, 1U);
  EXPECT_EQ(machine.counts().ejections, 1U);
}

TEST_F(HealthMachineTest, a_slow_check_neither_adds_to_failures_nor_takes_them_back) {
  HealthMachine machine = up_machine();
  fail(machine, 2, now_);
  servers_[0].record_success();
  machine.check_timed_out(timeout(), now_);
  EXPECT_EQ(machine.checked(failure(), now_)->to, ServerState::down);
}

TEST_F(HealthMachineTest, an_ejected_server_returns_at_its_time_and_warms_up) {
  HealthMachine machine = up_machine();
  const auto transition = machine.eject(kFinding, now_);
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->to, ServerState::ejected);
  EXPECT_EQ(transition->reason, "ejected");
  EXPECT_EQ(transition->why, "5 of 8 requests failed within 30 s; returns in 10 s");
  EXPECT_EQ(machine.wake_at(), now_ + 10s);
  EXPECT_FALSE(machine.checked(pass(), now_ + 5s)) << "a check says nothing of what traffic saw";
  EXPECT_EQ(machine.advance(now_ + 10s)->to, ServerState::warming);
  EXPECT_EQ(machine.advance(now_ + 20s)->to, ServerState::up);
}

TEST_F(HealthMachineTest, repeated_ejections_double_up_to_the_limit_and_begin_again_after_a_quiet_time) {
  HealthMachine machine = up_machine();
  for (const Duration length : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    machine.eject(kFinding, now_);
    ASSERT_EQ(machine.wake_at(), now_ + length);
    now_ += length;
    machine.advance(now_);
    now_ += 5s;
  }
  now_ += 301s;
  machine.advance(now_);
  machine.eject(kFinding, now_);
  EXPECT_EQ(machine.wake_at(), now_ + 10s);
}

TEST_F(HealthMachineTest, only_a_serving_server_is_ejected) {
  HealthMachine machine = up_machine();
  machine.eject(kFinding, now_);
  EXPECT_FALSE(machine.eject(kFinding, now_));
  EXPECT_EQ(machine.wake_at(), now_ + 10s) << "not doubled";
  HealthMachine down = up_machine();
  fail(down, 3, now_);
  EXPECT_FALSE(down.eject(kFinding, now_));
}

TEST_F(HealthMachineTest, down_shows_over_ejected_and_recovery_waits_for_the_checks) {
  HealthMachine machine = up_machine();
  machine.eject(kFinding, now_);
  fail(machine, 3, now_);
  EXPECT_EQ(machine.state(), ServerState::down);
  EXPECT_FALSE(machine.advance(now_ + 10s));
  machine.checked(pass(), now_ + 11s);
  EXPECT_EQ(machine.checked(pass(), now_ + 12s)->to, ServerState::warming);
}

TEST_F(HealthMachineTest, what_the_operator_asked_for_shows_over_what_is_observed) {
  HealthMachine machine = up_machine();
  const auto draining = machine.set_admin(AdminState::draining, "deploy 1.8", now_);
  EXPECT_EQ(draining->to, ServerState::draining);
  EXPECT_EQ(draining->reason, "operator");
  EXPECT_EQ(draining->why, "deploy 1.8");
  EXPECT_EQ(machine.set_admin(AdminState::disabled, "", now_)->to, ServerState::disabled);
  fail(machine, 3, now_);
  EXPECT_EQ(machine.state(), ServerState::disabled);
  EXPECT_EQ(machine.set_admin(AdminState::enabled, "", now_)->to, ServerState::down);
}

TEST_F(HealthMachineTest, a_server_that_the_operator_puts_back_warms_up) {
  HealthMachine machine = up_machine();
  machine.set_admin(AdminState::draining, "", now_);
  EXPECT_EQ(machine.set_admin(AdminState::enabled, "", now_ + 1h)->to, ServerState::warming);
  EXPECT_EQ(machine.wake_at(), now_ + 1h + 10s);
}

TEST_F(HealthMachineTest, a_slow_server_keeps_a_hundredth_of_its_weight_and_warms_up_once_it_is_fast) {
  HealthMachine machine = up_machine();
  const auto slowed = machine.turned_slow("answers 12 times slower than the others", now_);
  EXPECT_EQ(slowed->to, ServerState::slow);
  EXPECT_EQ(slowed->reason, "slow");
  EXPECT_EQ(slowed->why, "answers 12 times slower than the others");
  EXPECT_EQ(servers_[0].effective_weight(now_), Server::kWeightScale);
  EXPECT_EQ(machine.counts().slowdowns, 1u);
  EXPECT_FALSE(machine.turned_slow("still slow", now_ + 1s));
  EXPECT_EQ(machine.wake_at(), kNever) << "no warm-up goes on meanwhile";
  const auto recovered = machine.caught_up("as fast as the others", 1h, now_ + 5s);
  EXPECT_EQ(recovered->to, ServerState::warming);
  EXPECT_EQ(recovered->reason, "caught_up");
  EXPECT_EQ(servers_[0].effective_weight(now_ + 5s), 10 * Server::kWeightScale);
  EXPECT_EQ(servers_[0].effective_weight(now_ + 10s), 50 * Server::kWeightScale);
  machine.turned_slow("answers 12 times slower than the others", now_ + 10s);
  machine.caught_up("as fast as the others", 2s, now_ + 11s);
  EXPECT_EQ(machine.wake_at(), now_ + 13s) << "a short spell asks for a short warm-up";
}

TEST_F(HealthMachineTest, a_new_address_after_none_is_checked_before_it_serves) {
  const auto vitals = std::make_shared<PoolVitals>();
  Server named(vitals, "web", "a", net::Endpoint{"app.internal", 80, ""}, 100);
  HealthMachine machine(named, HealthMachine::options_of({}), Origin::process_start, now_);
  EXPECT_EQ(machine.state(), ServerState::unresolved);
  EXPECT_EQ(machine.resolved(*net::numeric_address("10.0.0.1", 80), now_)->to, ServerState::checking);
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::up);
  EXPECT_FALSE(machine.resolved(*net::numeric_address("10.0.0.2", 80), now_));
  EXPECT_EQ(named.address()->text(), "10.0.0.2:80");
  const auto lost = machine.unresolved("no address for app.internal", now_);
  EXPECT_EQ(lost->to, ServerState::unresolved);
  EXPECT_EQ(lost->reason, "dns_failed");
  EXPECT_EQ(machine.resolved(*net::numeric_address("10.0.0.3", 80), now_)->to, ServerState::checking);
  EXPECT_EQ(machine.checked(pass(), now_)->to, ServerState::warming);
}

TEST_F(HealthMachineTest, evidence_is_the_last_three_checks_oldest_first) {
  HealthMachine machine = this->machine();
  EXPECT_TRUE(machine.evidence().empty());
  for (int check = 0; check < 5; ++check) machine.checked(pass(), now_ + check * 1s);
  const std::vector<Evidence> evidence = machine.evidence();
  ASSERT_EQ(evidence.size(), 3u);
  for (int check = 0; check < 3; ++check)
    EXPECT_EQ(evidence[static_cast<std::size_t>(check)].at, now_ + (check + 2) * 1s);
}

// Every sequence of inputs up to a length, against what is known of the server without the machine.
class Walk {
 public:
  static constexpr int kInputs = 12;
  static constexpr int kLength = 5;

  // Runs the sequence whose digits, in base kInputs, are the inputs.
  void run(int sequence) {
    TestServers servers(1);
    Server& server = servers[0];
    HealthMachine machine(server, HealthMachine::options_of({}), Origin::process_start, now_);
    for (int step = 0; step < kLength; ++step, sequence /= kInputs) {
      const ServerState before = machine.state();
      const auto transition = apply(machine, server, sequence % kInputs);
      const bool is_failed_lookup = transition && transition->reason == "dns_failed";
      ASSERT_EQ(transition.has_value() && !is_failed_lookup, machine.state() != before && !is_failed_lookup);
      if (transition) {
        ASSERT_EQ(transition->from, before);
        ASSERT_EQ(transition->to, machine.state());
        ASSERT_EQ(transition->at, now_);
        ASSERT_FALSE(transition->reason.empty());
        ASSERT_FALSE(transition->why.empty());
      }
      ASSERT_EQ(server.state(), machine.state()) << "published";
      expect_first_that_applies(machine);
      now_ += 1s;
    }
  }

 private:
  std::optional<Transition> apply(HealthMachine& machine, Server& server, int input) {
    switch (input) {
      case 0:
        passes_ += 1;
        failures_ = 0;
        is_admitted_ |= passes_ >= (is_down_ && was_admitted_ ? 2 : 1);
        if (is_admitted_) was_admitted_ = true;
        if (is_admitted_) is_down_ = false;
        return machine.checked(pass(), now_);
      case 1:
        passes_ = 0;
        failures_ += 1;
        if (!is_admitted_ || failures_ >= 3) {
          is_down_ = true;
          is_admitted_ = false;
          is_ejected_ = is_slow_ = false;
        }
        return machine.checked(failure(), now_);
      case 2:
        server.record_success();
        return machine.check_timed_out(timeout(), now_);
      case 3: {
        const bool serves = is_serving(machine.state());
        if (serves) is_ejected_ = true;
        if (serves) is_slow_ = false;
        return machine.eject(kFinding, now_);
      }
      case 4:
        now_ += 10min;
        is_ejected_ = false;
        return machine.advance(now_);
      case 5:
        is_resolved_ = false;
        is_admitted_ = was_admitted_ = is_down_ = is_slow_ = false;
        passes_ = failures_ = 0;
        return machine.unresolved("gone", now_);
      case 6:
        is_resolved_ = true;
        return machine.resolved(*net::numeric_address("10.0.0.1", 80), now_);
      case 7:
        admin_ = AdminState::enabled;
        return machine.set_admin(admin_, "asked", now_);
      case 8:
        admin_ = AdminState::draining;
        return machine.set_admin(admin_, "asked", now_);
      case 9:
        if (is_serving(machine.state())) is_slow_ = true;
        return machine.turned_slow("12 times slower", now_);
      case 10:
        is_slow_ = false;
        return machine.caught_up("as fast as the others", 1h, now_);
      default:
        admin_ = AdminState::disabled;
        return machine.set_admin(admin_, "asked", now_);
    }
  }

  void expect_first_that_applies(const HealthMachine& machine) {
    const ServerState shown = machine.state();
    if (admin_ == AdminState::disabled)
      ASSERT_EQ(shown, ServerState::disabled);
    else if (admin_ == AdminState::draining)
      ASSERT_EQ(shown, ServerState::draining);
    else if (!is_resolved_)
      ASSERT_EQ(shown, ServerState::unresolved);
    else if (is_down_)
      ASSERT_EQ(shown, ServerState::down);
    else if (!is_admitted_)
      ASSERT_EQ(shown, ServerState::checking);
    else if (is_ejected_)
      ASSERT_EQ(shown, ServerState::ejected);
    else
      ASSERT_TRUE(is_serving(shown) && (shown == ServerState::slow) == is_slow_) << word(shown);
    // Whatever ends by itself is waited for.
    if (shown == ServerState::ejected || shown == ServerState::warming) ASSERT_NE(machine.wake_at(), kNever);
  }

  TimePoint now_ = kTestStart;
  AdminState admin_ = AdminState::enabled;
  bool is_resolved_ = true;
  bool is_admitted_ = false;
  bool was_admitted_ = false;
  bool is_down_ = false;
  bool is_ejected_ = false;
  bool is_slow_ = false;
  int passes_ = 0;
  int failures_ = 0;
};

TEST(HealthMachineWalk, shows_the_first_state_that_applies_after_every_sequence_of_inputs) {
  int sequences = 1;
  for (int step = 0; step < Walk::kLength; ++step) sequences *= Walk::kInputs;
  for (int sequence = 0; sequence < sequences && !testing::Test::HasFatalFailure(); ++sequence) {
    SCOPED_TRACE(sequence);
    Walk().run(sequence);
  }
}

}  // namespace
}  // namespace fairlead::pool
