// The state machine as a table: every state, every input, and the state that follows. The other test of the machine
// walks all sequences of inputs; this one is there to be read.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "pool/health_machine.h"
#include "pool/test_servers.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;
using enum ServerState;

constexpr CheckVerdict kPassed = CheckVerdict::passed;

CheckResult result(CheckVerdict verdict) { return {.verdict = verdict, .reason = "ok", .summary = "a check"}; }

// A machine with a server whose name can be resolved or not.
struct Subject {
  std::shared_ptr<PoolVitals> vitals = std::make_shared<PoolVitals>();
  Server server{vitals, "web", "a", net::Endpoint{"app.internal", 80, ""}, 100};
  TimePoint now = kTestStart;
  HealthMachine machine{server, HealthMachine::options_of({}), Origin::process_start, now};

  void resolve() { machine.resolved(*net::numeric_address("10.0.0.1", 80), now); }
  void check(CheckVerdict verdict) { machine.checked(result(verdict), now); }
  void eject() { machine.eject({.failures = 5, .requests = 5, .window = 30s, .in_a_row = 5}, now); }
  void slow_down() { machine.turned_slow("12 times slower", now); }
  // An ejection ends at its time, and so does a warm-up.
  void pass_time(Duration time) { machine.advance(now += time); }
};

// The shortest way to each state.
void bring_to(ServerState state, Subject& subject) {
  if (state != unresolved) subject.resolve();
  if (state == down) subject.check(CheckVerdict::failed);
  if (state == up || state == ejected || state == slow || state == warming || state == draining || state == disabled)
    subject.check(kPassed);
  if (state == ejected || state == warming) subject.eject();
  if (state == slow) subject.slow_down();
  if (state == warming) subject.pass_time(10s);
  if (state == draining) subject.machine.set_admin(AdminState::draining, "asked", subject.now);
  if (state == disabled) subject.machine.set_admin(AdminState::disabled, "asked", subject.now);
  ASSERT_EQ(subject.machine.state(), state);
}

struct Row {
  std::string_view input;
  std::function<void(Subject&)> apply;
  // In the order of ServerState: disabled, draining, unresolved, checking, down, ejected, slow, warming, up.
  std::array<ServerState, kServerStates.size()> next;
};

const std::array kTable{
    Row{"a check passed",
        [](Subject& subject) { subject.check(kPassed); },
        {disabled, draining, unresolved, up, warming, ejected, slow, warming, up}},
    Row{"a check failed",
        [](Subject& subject) { subject.check(CheckVerdict::failed); },
        {disabled, draining, unresolved, down, down, ejected, slow, warming, up}},
    Row{"three checks failed",
        [](Subject& subject) {
          for (int check = 0; check < 3; ++check) subject.check(CheckVerdict::failed);
        },
        {disabled, draining, unresolved, down, down, down, down, down, down}},
    Row{"the server says that it is not ready",
        [](Subject& subject) { subject.check(CheckVerdict::not_ready); },
        {disabled, draining, unresolved, down, down, down, down, down, down}},
    Row{"three checks timed out while it answered real requests",
        [](Subject& subject) {
          for (int check = 0; check < 3; ++check) {
            subject.server.record_success();
            subject.machine.check_timed_out(result(CheckVerdict::failed), subject.now);
          }
        },
        {disabled, draining, unresolved, checking, down, ejected, slow, warming, up}},
    Row{"three checks timed out in silence",
        [](Subject& subject) {
          for (int check = 0; check < 3; ++check)
            subject.machine.check_timed_out(result(CheckVerdict::failed), subject.now);
        },
        {disabled, draining, unresolved, down, down, down, down, down, down}},
    Row{"real traffic failed",
        &Subject::eject,
        {disabled, draining, unresolved, checking, down, ejected, ejected, ejected, ejected}},
    Row{"it answers far slower than the others",
        &Subject::slow_down,
        {disabled, draining, unresolved, checking, down, ejected, slow, slow, slow}},
    Row{"it answers as fast as the others again",
        [](Subject& subject) { subject.machine.caught_up("as fast as the others", 1h, subject.now); },
        {disabled, draining, unresolved, checking, down, ejected, warming, warming, up}},
    Row{"its name got an address",
        &Subject::resolve,
        {disabled, draining, checking, checking, down, ejected, slow, warming, up}},
    Row{"its name lost its address",
        [](Subject& subject) { subject.machine.unresolved("no such name", subject.now); },
        {disabled, draining, unresolved, unresolved, unresolved, unresolved, unresolved, unresolved, unresolved}},
    Row{"ten seconds passed",
        [](Subject& subject) { subject.pass_time(10s); },
        {disabled, draining, unresolved, checking, down, warming, slow, up, up}},
    Row{"the operator enables it",
        [](Subject& subject) { subject.machine.set_admin(AdminState::enabled, "asked", subject.now); },
        {warming, warming, unresolved, checking, down, ejected, slow, warming, up}},
    Row{"the operator drains it",
        [](Subject& subject) { subject.machine.set_admin(AdminState::draining, "asked", subject.now); },
        {draining, draining, draining, draining, draining, draining, draining, draining, draining}},
    Row{"the operator disables it",
        [](Subject& subject) { subject.machine.set_admin(AdminState::disabled, "asked", subject.now); },
        {disabled, disabled, disabled, disabled, disabled, disabled, disabled, disabled, disabled}},
};

TEST(HealthMachineTable, every_state_has_its_answer_to_every_input) {
  for (const Row& row : kTable) {
    for (const ServerState from : kServerStates) {
      Subject subject;
      bring_to(from, subject);
      row.apply(subject);
      const ServerState expected = row.next[static_cast<std::size_t>(from)];
      EXPECT_EQ(subject.machine.state(), expected)
          << word(from) << ", " << row.input << ": " << word(subject.machine.state()) << " rather than "
          << word(expected);
      EXPECT_EQ(subject.server.state(), subject.machine.state()) << "published";
      EXPECT_FALSE(subject.machine.reason().empty());
      EXPECT_FALSE(subject.machine.why().empty());
    }
  }
}

}  // namespace
}  // namespace fairlead::pool
